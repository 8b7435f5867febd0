// The lab's network services: dnsmasq and the boot service inside the switch's namespace, the relay between both worlds.
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { nginxConfig } from "../boot/index.ts";
import type { LabConfig, LabFiles, LabPlan } from "./config.ts";
import { ConsoleLog } from "./console.ts";
import type { ServiceName } from "./control.ts";
import { dnsmasqConfig } from "./dnsmasq.ts";
import type { LabNames } from "./names.ts";
import { inside } from "./network.ts";
import { ProcessService } from "./process-service.ts";
import { hand, listen, relayListeners, relayProgram } from "./relay.ts";
import { createTls, type ServerTls } from "./tls.ts";

export type Services = Readonly<Record<ServiceName, ProcessService>> & {
  /** Where a site has nginx serve its assets. */
  readonly assets?: ProcessService;
};

/**
 * Starts them all, and returns when each says that it is ready.
 * @throws LandfallError `port-taken`, `service-not-ready`.
 */
export async function startServices(
  config: LabConfig,
  plan: LabPlan,
  names: LabNames,
  files: LabFiles,
): Promise<Services> {
  const { tools } = config;
  const data = ["profiles", "groups", "ignition", "generic"].map((folder) => join(files.matchbox, folder));
  for (const folder of [files.tftp, plan.assets, ...data]) mkdirSync(folder, { recursive: true });
  for (const file of ["undionly.kpxe", "snponly.efi"]) {
    const from = join(tools.ipxe ?? "/usr/lib/ipxe", file);
    if (existsSync(from)) copyFileSync(from, join(files.tftp, file)); // asked for by qemu machines only
  }
  writeDhcpConfig(plan, names, files);
  const tls = await createTls(plan, files.tls);
  const sockets = [await listen(relayListeners(plan))];
  const service = (name: string, argv: readonly string[], ready: RegExp) => ({
    name,
    argv: inside(names.switchNamespace, argv),
    log: new ConsoleLog(join(files.logs, `${name}.log`)),
    ready,
  });
  const dnsmasq = [
    tools.dnsmasq ?? "/usr/sbin/dnsmasq",
    "--keep-in-foreground",
    "--log-facility=-",
    `--conf-file=${files.dnsmasq}`,
  ];
  const nginx = plan.nginx && [
    tools.nginx ?? "/usr/sbin/nginx",
    ...["-p", files.nginx, "-c", writeNginxConfig(plan, files)],
    // One process, so that nothing outlives it; and a word when it listens.
    ...["-g", "master_process off; error_log stderr notice;"],
  ];
  const services = {
    dhcp: new ProcessService(service("dhcp", dnsmasq, /started, version/)),
    boot: new ProcessService(
      plan.bootService === "matchbox"
        ? service(
            "boot",
            [tools.matchbox, ...matchboxFlags(plan, files, tls)],
            /[Ss]tarting matchbox HTTP server/,
          )
        : service(
            "boot",
            [...tools.bootService, ...matchboxFlags(plan, files, tls), ...pageFlags(plan)],
            /landfall boot: ready/,
          ),
    ),
    ...(nginx && { assets: new ProcessService(service("assets", nginx, /using the "epoll" event method/)) }),
    relay: new ProcessService({
      ...service("relay", [process.execPath, relayProgram], /relay: ready/),
      stdio: ["ignore", "pipe", "pipe", "ipc"],
      onStart: async (child) => hand(child, sockets.pop() ?? (await listen(relayListeners(plan)))),
    }),
  };
  await Promise.all(Object.values(services).map((each) => each.start()));
  return services;
}

/** For `dhcp`, which reads it when it starts. */
export function writeDhcpConfig(plan: LabPlan, names: LabNames, files: LabFiles): void {
  writeFileSync(files.dnsmasq, dnsmasqConfig(plan, names, { leases: files.leases, tftp: files.tftp }));
}

/** Returns the file's path. */
function writeNginxConfig({ nginx, assets, gateway }: LabPlan, { nginx: state }: LabFiles): string {
  mkdirSync(state, { recursive: true });
  const file = join(state, "nginx.conf");
  writeFileSync(
    file,
    nginxConfig({ listen: `${gateway}:${nginx?.port}`, folder: assets, state, workers: 1 }),
  );
  return file;
}

/** Landfall's own service takes the same. */
function matchboxFlags(plan: LabPlan, files: LabFiles, tls: ServerTls): string[] {
  return [
    `-address=${plan.http.host}:${plan.http.port}`,
    `-rpc-address=${plan.gateway}:${plan.rpc.port}`,
    `-data-path=${files.matchbox}`,
    `-assets-path=${plan.assets}`,
    `-ca-file=${tls.ca}`,
    `-cert-file=${tls.cert}`,
    `-key-file=${tls.key}`,
  ];
}

/** The page listens inside the lab's network; people reach it through the relay. */
function pageFlags({ gateway, page, softTimeouts }: LabPlan): string[] {
  const soft = Object.entries(softTimeouts ?? {}).map(([name, seconds]) => `${name}=${seconds}`);
  return [
    ...(page === undefined ? [] : [`-page-address=${gateway}:${page.port}`]),
    ...(soft.length === 0 ? [] : [`-soft-timeouts=${soft.join(",")}`]),
  ];
}
