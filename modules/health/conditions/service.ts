import { type Condition, everyOne } from "../condition.ts";
import { type Probe, probeNodes } from "./probes.ts";

export const service: Condition = {
  name: "service",
  after: "nodes-ready",
  describe: "a Service answers from every node",
  next: "See `network` and `dns`; then kube-proxy's log on the named nodes.",
  async check({ plan, api }, signal) {
    const probes = await probeNodes(api, plan, signal);
    const problems = probes.flatMap(({ machine, probe, problem }) => {
      const what = probe ? problemOf(machine, probe) : problem;
      return what === undefined ? [] : [{ who: machine, what }];
    });
    const answered = new Set(probes.map(({ probe }) => probe?.service.node).filter(Boolean));
    return everyOne(
      problems,
      `answers from ${probes.length} of ${probes.length} nodes, by pods on ${[...answered].sort().join(", ")}`,
    );
  },
};

function problemOf(machine: string, { node, service }: Probe): string | undefined {
  // A pod that says it is elsewhere would prove nothing for this node.
  if (node !== machine) return `the pod there says that it is on ${node}`;
  if (service.node) return undefined;
  return `${service.address ?? "the Service"}: ${service.error ?? "no answer"}`;
}
