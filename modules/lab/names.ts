// Names that the kernel keeps for the whole computer. Each carries the lab's name; those with a length limit, a hash of it.
import { createHash } from "node:crypto";

/** Runtime files that must be short or are shared by all labs of this computer. */
export const runDir = "/run/landfall";

/** cgroup of the lab's own processes; `_` is in no machine's name. */
export const servicesGroup = "_services";

export interface LabNames {
  readonly switchNamespace: string;
  readonly bridge: string;
  readonly bridgeMac: string;
  /** Relative to a cgroup hierarchy's root. */
  readonly cgroup: string;
  readonly socket: string;
  /** Held while the lab comes up or goes down. */
  readonly lock: string;
  namespace(machine: string): string;
  /** Name of the machine's port in the switch's namespace, at most 15 characters. */
  port(machine: string): string;
  portMac(machine: string): string;
  /** SMBIOS UUID of the machine. */
  uuid(machine: string): string;
}

export function labNames(site: string): LabNames {
  return {
    switchNamespace: `lf-${site}-sw`,
    bridge: "br0",
    bridgeMac: localMac(`${site}/`),
    cgroup: `landfall-${site}`,
    socket: `${runDir}/${site}.sock`,
    lock: `${runDir}-${site}.lock`,
    namespace: (machine) => `lf-${site}-${machine}`,
    port: (machine) => `lf${digest(`${site}/${machine}`).slice(0, 10)}`,
    portMac: (machine) => localMac(`${site}/${machine}`),
    uuid: (machine) => {
      const d = digest(`uuid/${site}/${machine}`);
      return `${d.slice(0, 8)}-${d.slice(8, 12)}-4${d.slice(13, 16)}-8${d.slice(17, 20)}-${d.slice(20, 32)}`;
    },
  };
}

/** A locally administered unicast address: a port with another MAC each time is not believed for seconds. */
function localMac(seed: string): string {
  return `02:${digest(seed).slice(0, 10).match(/../g)!.join(":")}`;
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
