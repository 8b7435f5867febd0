import { render } from "@landfall/ignition";
import type { PublicPki } from "../pki/index.ts";
import type { MachinePlan, Plan, PoolPlan } from "../plan/index.ts";
import type { Release, ReleaseFile } from "../release/index.ts";
import { machineConfig } from "./machine-config.ts";

/** What the boot service gives to every machine of a pool. */
export interface PoolProfile {
  /** Paths below the boot service, so that they follow it to another address; URLs where another server has them. */
  readonly kernel: string;
  readonly initrd: readonly string[];
  readonly args: readonly string[];
  /** Rendered Ignition config. */
  readonly ignition: string;
}

export function poolProfile(options: {
  readonly plan: Plan;
  readonly pool: PoolPlan;
  readonly pki: Pick<PublicPki, "generation" | "deliveryKey">;
  readonly release: Release;
}): PoolProfile {
  const { plan, pool, pki, release } = options;
  // iPXE fills in ${...}; the boot service knows the machine by it.
  const ask = (path: string) => `${plan.boot.http}/${path}?mac=\${mac:hexhyp}`;
  const { http, assetsUrl } = plan.boot;
  const base = assetsUrl === http ? "" : assetsUrl;
  const asset = (name: string, file: ReleaseFile) => [
    `landfall.${name}=${plan.boot.assetsUrl}${assetPath(file)}`,
    `landfall.${name}.sha256=${file.sha256}`,
  ];
  return {
    kernel: `${base}${assetPath(release.files.kernel)}`,
    initrd: [`${base}${assetPath(release.files.initrd)}`],
    args: [
      `initrd=${release.files.initrd.name}`,
      "console=tty0",
      "console=ttyS0",
      "ignition.firstboot",
      "ignition.platform.id=metal",
      `ignition.config.url=${ask("ignition")}`,
      `landfall.metadata=${ask("metadata")}`,
      ...asset("root", release.files.root),
      ...asset("kubernetes", release.files.kubernetes),
      `landfall.cluster=${plan.cluster}`,
      `landfall.generation=${pki.generation}`,
      // What the disk's own boot loader starts.
      ...(pool.disk === undefined
        ? []
        : [
            `landfall.disk=${pool.disk}`,
            ...asset("kernel", release.files.kernel),
            // Not landfall.initrd: the kernel's EFI stub looks for `initrd=` wherever it stands.
            ...asset("ramdisk", release.files.initrd),
          ]),
    ],
    ignition: render(machineConfig({ plan, pool, pki, images: release.images })),
  };
}

/** Path of a release's file on the boot service: by content, so that releases lie beside each other. */
export function assetPath(file: ReleaseFile): string {
  return `/assets/${file.sha256}/${file.name}`;
}

/**
 * What one machine knows of itself and its pool does not: the group's metadata, asked for once at first boot.
 * Characters are those that scripts/firstboot.sh lets through.
 */
export function machineMetadata(plan: Plan, machine: MachinePlan): Readonly<Record<string, string>> {
  const labels = {
    "landfall.local/cluster": plan.cluster,
    "landfall.local/pool": machine.pool,
    ...machine.labels,
  };
  return {
    name: machine.name,
    address: machine.address,
    prefix: String(machine.prefix),
    gateway: machine.gateway ?? "",
    dns: machine.dns.join(","),
    mac: machine.mac,
    cluster: plan.cluster,
    labels: Object.entries(labels)
      .map(([key, value]) => `${key}=${value}`)
      .sort()
      .join(","),
  };
}
