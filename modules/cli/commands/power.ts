import PQueue from "p-queue";
import { openPower, type Power } from "../../power/index.ts";
import { LandfallError } from "../../spec/error.ts";
import type { Invocation } from "../main.ts";
import { exit, formatError, printJson } from "../output.ts";
import { powerDeps } from "../power-deps.ts";
import { powerPlans } from "../project.ts";

/** Calls to controllers: some of them are processes. */
const atOnce = 50;

const actions: Readonly<Record<string, (power: Power) => Promise<unknown>>> = {
  on: (power) => power.on(),
  off: (power) => power.off(),
  cycle: (power) => power.cycle(),
  "network-boot": (power) => power.bootFromNetworkOnce(),
  state: async () => {},
};

/** Many at once; a machine whose BMC fails does not keep the others. */
export async function powerCommand(
  { workspace, json, signal }: Invocation,
  action: string,
  names: readonly string[],
  { timeout }: { readonly timeout?: string },
): Promise<number> {
  const timeoutSeconds = timeout === undefined ? undefined : Number(timeout);
  if (timeoutSeconds !== undefined && !(timeoutSeconds > 0))
    throw new LandfallError("usage", "--timeout is a number of seconds", {
      found: timeout ?? "",
      expected: "a number above 0",
    });
  const options = { signal, ...(timeoutSeconds === undefined ? {} : { timeoutSeconds }) };
  const known = powerPlans(workspace);
  const targets = names.map((name) => {
    const plan = known.get(name);
    if (plan !== undefined) {
      const deps = powerDeps(workspace, {
        rack: plan,
        interactive: !json && names.length === 1 && process.stdin.isTTY,
      });
      return { name, power: openPower(plan.bmc, deps, options) };
    }
    throw new LandfallError("machine-unknown", `no site has a machine ${name}`, {
      found: name,
      expected: [...known.keys()].join(", "),
    });
  });
  const queue = new PQueue({ concurrency: atOnce });
  const results = await queue.addAll(
    targets.map(({ name, power }) => async () => {
      try {
        await actions[action]?.(power);
        return { machine: name, state: await power.state() };
      } catch (error) {
        return { machine: name, error };
      }
    }),
  );
  const failed = results.filter((result) => "error" in result);
  if (json) {
    printJson(
      results.map((result) => ("error" in result ? { ...result, error: String(result.error) } : result)),
    );
  } else {
    for (const result of results) {
      if ("error" in result) process.stderr.write(`${result.machine}: ${formatError(result.error, false)}\n`);
      else process.stdout.write(`${result.machine}: ${result.state}\n`);
    }
  }
  return failed.length === 0 ? exit.ok : exit.failed;
}
