import { getJson } from "../../kubernetes/index.ts";
import { type Condition, everyOne, type Problem } from "../condition.ts";
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
  after: "control-plane",
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
      const lease = leases.get(name);
      const problem = problemOf(nodes.get(name), lease, lease && leaseAge(lease, date));
      return problem ? [{ ...problem, who: name }] : [];
    });
    const planned = new Set(plan.machines.map((machine) => machine.name));
    const unexpected = [...nodes.keys()].filter((name) => !planned.has(name));
    const finding = everyOne(problems, `${planned.size} of ${planned.size} Ready`);
    if (unexpected.length === 0) return finding;
    return { ...finding, evidence: `${finding.evidence}; not of this plan: ${unexpected.join(", ")}` };
  },
};

function problemOf(
  node: Node | undefined,
  lease: Lease | undefined,
  age: number | undefined,
): Problem | undefined {
  if (!node) return { what: "not registered", silent: true };
  const ready = node.status?.conditions?.find((condition) => condition.type === "Ready");
  if (ready?.status !== "True") {
    const why = [ready?.reason, ready?.message].filter(Boolean).join(": ");
    // Unknown: the cluster itself has not heard of it.
    return { what: `not Ready${why ? ` (${why})` : ""}`, silent: ready?.status === "Unknown" };
  }
  // After a power cut the last state, Ready, is still written there: the lease tells whether somebody is alive behind it.
  if (age === undefined) return { what: "Ready, but it never renewed its lease", silent: true };
  if (age > (lease?.spec?.leaseDurationSeconds ?? 40)) {
    return { what: `Ready, but last heard of ${Math.round(age)} s ago`, silent: true };
  }
  return undefined;
}
