import { hostKeyOnConsole, type Target } from "../deliver/index.ts";
import { deliveryPrivateKey } from "../pki/index.ts";
import type { MachinePlan } from "../plan/index.ts";
import { openPower } from "../power/index.ts";
import { LandfallError } from "../spec/error.ts";
import { lastHeard } from "./console.ts";
import { powerDeps } from "./power-deps.ts";
import { readMachine, writeMachine } from "./run-record.ts";
import { pkiDir, type Workspace } from "./workspace.ts";

export interface TargetOptions {
  readonly workspace: Workspace;
  readonly cluster: string;
  readonly machine: MachinePlan;
  readonly proxy: string | undefined;
  /** Its host key is another one at each start, and known from its console alone. Default: false. */
  readonly inMemory?: boolean;
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal;
  readonly say: (text: string) => void;
}

/** How to reach a machine's receiver, with what was recorded of it. Its host key is pinned in its record. */
export function machineTarget(options: TargetOptions): Target {
  const { workspace, cluster, machine, proxy, inMemory = false, timeoutSeconds, signal, say } = options;
  const deps = powerDeps(workspace);
  const power = openPower(machine.bmc, deps, { signal, timeoutSeconds: 20 });
  return {
    machine: machine.name,
    host: machine.address,
    port: 22,
    proxy,
    privateKey: deliveryPrivateKey(pkiDir(workspace, cluster)),
    pinned: inMemory ? undefined : readMachine(workspace, cluster, machine.name)?.hostKey,
    // A BMC that does not answer now may answer the next time.
    expectHostKey: async () =>
      hostKeyOnConsole(
        await power.console().catch((error: Error) => {
          throw error instanceof LandfallError && error.code === "bmc-timeout"
            ? new Error(error.message)
            : error;
        }),
      ),
    pin: async (hostKey) => {
      const record = readMachine(workspace, cluster, machine.name);
      if (record !== undefined && !inMemory) writeMachine(workspace, cluster, { ...record, hostKey });
    },
    timeoutSeconds,
    signal,
    onProgress: say,
    clock: deps.clock,
    lastHeard: async () => lastHeard(await power.state(), await power.console()),
  };
}
