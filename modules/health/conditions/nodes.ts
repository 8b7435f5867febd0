import { getJson } from "../../kubernetes/index.ts";
import { type Condition, everyOne } from "../condition.ts";
import { type Lease, leaseAge } from "./control-plane.ts";

interface Node {
  readonly metadata: { readonly name: string };
  readonly status?: {
    readonly conditions?: readonly {
      readonly type: string;
      readonly status: string;
      readonly reason?: string;
      readonly message?: string;
    }[];
  };
}

export const nodesReady: Condition = {
  name: "nodes-ready",
  describe: "every planned machine is a node, Ready, and heard of within its lease",
  next: "Look at the named machines' consoles and power; deploying again goes on from where each machine is.",
  async check({ plan, api }, signal) {
    const [{ value: list }, { value: leaseList, date }] = await Promise.all([
      getJson<{ items?: readonly Node[] }>(api, "/api/v1/nodes", { signal }),
      getJson<{ items?: readonly Lease[] }>(
        api,
        "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases",
        {
          signal,
        },
      ),
    ]);
    const nodes = new Map((list.items ?? []).map((node) => [node.metadata.name, node]));
    const leases = new Map((leaseList.items ?? []).map((lease) => [lease.metadata?.name, lease]));
    const problems = plan.machines.flatMap(({ name }) => {
      const node = nodes.get(name);
      if (!node) return [{ what: `${name}: not registered`, silent: name }];
      const ready = node.status?.conditions?.find((condition) => condition.type === "Ready");
      if (ready?.status !== "True") {
        const why = [ready?.reason, ready?.message].filter(Boolean).join(": ");
        // Unknown: the cluster itself has not heard of it.
        const silent = ready?.status === "Unknown" ? name : undefined;
        return [{ what: `${name}: not Ready${why ? ` (${why})` : ""}`, silent }];
      }
      // After a power cut the last state, Ready, is still written there: the lease tells whether somebody is alive behind it.
      const lease = leases.get(name);
      const age = lease && leaseAge(lease, date);
      if (age === undefined)
        return [{ what: `${name}: Ready, but it never renewed its lease`, silent: name }];
      if (age > (lease?.spec?.leaseDurationSeconds ?? 40)) {
        return [{ what: `${name}: Ready, but last heard of ${Math.round(age)} s ago`, silent: name }];
      }
      return [];
    });
    const planned = new Set(plan.machines.map((machine) => machine.name));
    const unexpected = [...nodes.keys()].filter((name) => !planned.has(name));
    const finding = everyOne(problems, `${planned.size} of ${planned.size} Ready`);
    if (unexpected.length === 0) return finding;
    return { ...finding, evidence: `${finding.evidence}; not of this plan: ${unexpected.join(", ")}` };
  },
};
