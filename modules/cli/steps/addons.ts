import { applyManifests } from "../../kubernetes/index.ts";
import { LandfallError } from "../../spec/error.ts";
import { clusterApi } from "../cluster-api.ts";
import { manifests } from "../manifests.ts";
import { readMachine } from "../run-record.ts";
import type { StepContext } from "./context.ts";

/** Applies the add-ons as soon as any master's API answers; no machine waits for it, and it waits for none by name. */
export async function addonsStep(context: StepContext): Promise<void> {
  const { workspace, run, say, signal } = context;
  const { plan, release } = run;
  const client = clusterApi(workspace, plan);
  const hopeless = new AbortController();
  const watch = setInterval(() => {
    const error = quorumLost(context);
    if (error !== undefined) hopeless.abort(error);
  }, 2000);
  try {
    const applied = await applyManifests({
      client,
      manifests: manifests(plan, release),
      // The API is up some time after its machines are.
      timeoutSeconds: plan.timeouts.boot + plan.timeouts.ready,
      signal: AbortSignal.any([signal, hopeless.signal]),
    });
    say(
      "addons",
      `${applied.length} objects applied, ${applied.filter(({ created }) => created).length} of them new`,
    );
  } finally {
    clearInterval(watch);
    await client.close();
  }
}

/** When so many masters have failed that no API will come, waiting for it would only hide why. */
export function quorumLost({ workspace, run }: StepContext): LandfallError | undefined {
  const { cluster, machines } = run.plan;
  const masters = machines.filter(({ role }) => role === "master");
  const failed = masters.filter(({ name }) => readMachine(workspace, cluster, name)?.failed !== undefined);
  if (failed.length * 2 < masters.length) return undefined;
  const names = failed.map(({ name }) => name).join(", ");
  return new LandfallError("masters-failed", `no API can come up: ${names} failed`, {
    expected: `more than half of ${masters.length} masters`,
    next: `see what is said of ${names}`,
  });
}
