// Gives machines of a lab images that no release has.
import { readdirSync, readFileSync } from "node:fs";
import { execa } from "execa";
import { eventually } from "../lab/harness/eventually.ts";

export interface LoadImages {
  readonly site: string;
  readonly machines: readonly string[];
  /** Absolute path of containerd's ctr. */
  readonly ctr: string;
  /** Absolute paths of OCI archives. */
  readonly archives: readonly string[];
}

/** Imports archives into the stores of nspawn machines that are on. A machine's containerd is reached by its process. */
export async function loadImages({ site, machines, ctr, archives }: LoadImages): Promise<void> {
  await Promise.all(
    machines.map(async (machine) => {
      const pid = await eventually(`containerd on ${machine}`, 30, async () => containerdOf(site, machine));
      const address = `/proc/${pid}/root/run/containerd/containerd.sock`;
      for (const archive of archives) {
        await execa(ctr, ["--address", address, "-n", "k8s.io", "images", "import", "--local", archive]);
      }
    }),
  );
}

function containerdOf(site: string, machine: string): string | undefined {
  const group = new RegExp(`/landfall-${site}/${machine}(/|$)`, "m");
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .find(
      (pid) => read(`/proc/${pid}/comm`).trim() === "containerd" && group.test(read(`/proc/${pid}/cgroup`)),
    );
}

/** Processes end while they are looked at. */
function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
