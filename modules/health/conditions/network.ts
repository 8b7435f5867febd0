import { agentLabel, agentNames, getJson } from "../../kubernetes/index.ts";
import { type Condition, everyOne } from "../condition.ts";

interface Pod {
  readonly metadata?: { readonly labels?: Readonly<Record<string, string>> };
  readonly spec?: { readonly nodeName?: string };
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

export const network: Condition = {
  name: "network",
  after: "nodes-ready",
  describe: "the pod network and the Service proxy run, ready, on every node",
  next: "`landfall kubectl -n kube-system get pods -o wide` shows where one is missing.",
  async check({ plan, api }, signal) {
    const selector = encodeURIComponent(`${agentLabel} in (${agentNames.join(",")})`);
    const { value } = await getJson<{ items?: readonly Pod[] }>(
      api,
      `/api/v1/namespaces/kube-system/pods?labelSelector=${selector}`,
      { signal },
    );
    const found = agentNames.map((agent) => {
      const nodes = new Set(
        (value.items ?? [])
          .filter((pod) => pod.metadata?.labels?.[agentLabel] === agent && isReady(pod))
          .map((pod) => pod.spec?.nodeName),
      );
      const missing = plan.machines.filter(({ name }) => !nodes.has(name)).map(({ name }) => name);
      const ready = plan.machines.length - missing.length;
      return { seen: `${agent} ready on ${ready} of ${plan.machines.length}`, missing };
    });
    return everyOne(
      found.flatMap(({ seen, missing }) =>
        missing.length === 0 ? [] : [{ what: `${seen}, not on ${missing.join(", ")}` }],
      ),
      found.map(({ seen }) => seen).join(", "),
    );
  },
};

function isReady({ status }: Pod): boolean {
  return status?.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false;
}
