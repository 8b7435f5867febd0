import { applyManifests } from "../../kubernetes/index.ts";
import { clusterApi } from "../cluster-api.ts";
import { manifests } from "../manifests.ts";
import type { StepContext } from "./context.ts";

/** Applies the add-ons as soon as any master's API answers; no machine waits for it, and it waits for none by name. */
export async function addonsStep({ workspace, run, say, signal }: StepContext): Promise<void> {
  const { plan, release } = run;
  const client = clusterApi(workspace, plan);
  try {
    const applied = await applyManifests({
      client,
      manifests: manifests(plan, release),
      // The API is up some time after its machines are.
      timeoutSeconds: plan.timeouts.boot + plan.timeouts.ready,
      signal,
    });
    say(
      "addons",
      `${applied.length} objects applied, ${applied.filter(({ created }) => created).length} of them new`,
    );
  } finally {
    await client.close();
  }
}
