import { getJson } from "../../kubernetes/index.ts";
import { type Condition, everyOne } from "../condition.ts";

interface DaemonSet {
  readonly metadata?: { readonly generation?: number };
  readonly status?: {
    readonly observedGeneration?: number;
    readonly desiredNumberScheduled?: number;
    readonly updatedNumberScheduled?: number;
    readonly numberReady?: number;
  };
}

export const network: Condition = {
  name: "network",
  describe: "the pod network and the Service proxy run, ready, on every node",
  next: "`landfall kubectl -n kube-system get pods -o wide` shows where one is missing.",
  async check({ plan, api }, signal) {
    const found = await Promise.all(
      ["kube-router", "kube-proxy"].map(async (name) => {
        const path = `/apis/apps/v1/namespaces/kube-system/daemonsets/${name}`;
        const { value } = await getJson<DaemonSet>(api, path, { signal });
        const { observedGeneration, desiredNumberScheduled, updatedNumberScheduled, numberReady } =
          value.status ?? {};
        const desired = desiredNumberScheduled ?? 0;
        const ready = Math.min(numberReady ?? 0, updatedNumberScheduled ?? 0);
        const current = observedGeneration !== undefined && observedGeneration === value.metadata?.generation;
        const seen = `${name}${current ? "" : " (not rolled out yet)"} ready on ${ready} of ${Math.max(desired, plan.machines.length)}`;
        const holds = current && desired >= plan.machines.length && ready === desired;
        return { seen, holds };
      }),
    );
    return everyOne(
      found.flatMap(({ seen, holds }) => (holds ? [] : [{ what: seen }])),
      found.map(({ seen }) => seen).join(", "),
    );
  },
};
