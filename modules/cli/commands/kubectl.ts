import { spawn } from "node:child_process";
import { constants } from "node:os";
import { join } from "node:path";
import { adminKubeconfig } from "../../pki/index.ts";
import { writeAtomic } from "../files.ts";
import type { Invocation } from "../main.ts";
import { tools } from "../releases.ts";
import { readRun } from "../run-record.ts";
import { pkiDir, runDir, type Workspace } from "../workspace.ts";

/** kubectl's own exit code. Signals of the terminal reach kubectl by themselves. */
export async function kubectlCommand(
  { workspace }: Invocation,
  cluster: string,
  args: readonly string[],
): Promise<number> {
  const kubeconfig = writeKubeconfig(workspace, cluster);
  const child = spawn(tools(workspace).kubectl, args, {
    stdio: "inherit",
    env: { ...workspace.env, KUBECONFIG: kubeconfig },
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => resolve(code ?? 128 + constants.signals[signal ?? "SIGTERM"]));
  });
}

/** Writes the administrator's kubeconfig, mode 0600, and says where. */
export function writeKubeconfig(workspace: Workspace, cluster: string): string {
  const { plan } = readRun(workspace, cluster);
  const path = join(runDir(workspace, cluster), "kubeconfig");
  writeAtomic(path, adminKubeconfig(plan, pkiDir(workspace, cluster)));
  return path;
}
