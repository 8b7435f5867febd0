// Lets the rack's machines boot kubeadm's system over the network: a profile and groups in the real Matchbox's store.
import { copyFileSync, existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { render } from "@landfall/ignition";
import { assetPath, machineMetadata, poolProfile } from "../../../modules/kubernetes/index.ts";
import { labFiles } from "../../../modules/lab/index.ts";
import type { Plan } from "../../../modules/plan/index.ts";
import type { Rack } from "../../lab/harness/rack.ts";
import { kubeadmMachine } from "./machine.ts";
import type { KubeadmRelease } from "./release.ts";

export function offerBoot(rack: Rack, plan: Plan, { release }: KubeadmRelease, sshKey: string): void {
  const store = labFiles(rack.project.lab).matchbox;
  const put = (path: string, value: unknown) => writeFileSync(join(store, path), JSON.stringify(value));
  const [pool] = plan.pools;
  const pki = { generation: "0000000000000000", deliveryKey: "" };
  const { kernel, initrd, args } = poolProfile({ plan, pool: pool!, pki, release });
  put("profiles/kubeadm.json", { id: "kubeadm", ignition_id: "kubeadm.ign", boot: { kernel, initrd, args } });
  writeFileSync(join(store, "ignition/kubeadm.ign"), render(kubeadmMachine(plan, sshKey)));
  for (const machine of plan.machines) {
    put(`groups/${machine.name}.json`, {
      id: machine.name,
      profile: "kubeadm",
      selector: { mac: machine.mac },
      metadata: machineMetadata(plan, machine),
    });
  }
}

/** Publishes the release's files, and has the machines' own copies there too, as after an earlier landing. */
export function publish(plan: Plan, { release, paths }: KubeadmRelease, assetCache: string): void {
  for (const kind of Object.keys(paths) as (keyof typeof paths)[]) {
    const below = assetPath(release.files[kind]).replace(/^\/assets\//, "");
    copyOnce(paths[kind], join(plan.boot.assets, below));
    copyOnce(paths[kind], join(assetCache, below));
  }
}

function copyOnce(from: string, to: string): void {
  if (existsSync(to)) return;
  mkdirSync(dirname(to), { recursive: true });
  copyFileSync(from, `${to}.new`);
  renameSync(`${to}.new`, to);
}
