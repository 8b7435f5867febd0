import type { Plan } from "../plan/index.ts";
import { type Api, ApiError } from "./api.ts";

/**
 * Names each node's role, which `kubectl get nodes` shows. A kubelet may not do it for itself: whoever has one node's
 * certificate could draw a master's pods to it. Nodes that are not there yet are left for the next call.
 * @throws {ApiError} when the API refuses.
 */
export async function nameRoles(
  client: Api,
  plan: Pick<Plan, "machines">,
  signal?: AbortSignal,
): Promise<void> {
  await Promise.all(
    plan.machines.map(async ({ name, role, pool }) => {
      const shown = role === "master" ? "control-plane" : pool;
      const reply = await client.request({
        method: "PATCH",
        path: `/api/v1/nodes/${name}?fieldManager=landfall`,
        contentType: "application/merge-patch+json",
        body: JSON.stringify({ metadata: { labels: { [`node-role.kubernetes.io/${shown}`]: "" } } }),
        signal,
      });
      if (reply.status !== 200 && reply.status !== 404) throw new ApiError("name the role of", reply);
    }),
  );
}
