import { type Condition, everyOne } from "../condition.ts";
import { probeNodes } from "./probes.ts";

export const service: Condition = {
  name: "service",
  describe: "a Service answers from every node",
  next: "See `network` and `dns`; then kube-proxy's log on the named nodes.",
  async check({ plan, api }, signal) {
    const probes = await probeNodes(api, plan, signal);
    const problems = probes.flatMap(({ machine, probe, problem }) => {
      if (!probe) return [{ what: `${machine}: ${problem}` }];
      // A pod that says it is elsewhere would prove nothing for this node.
      if (probe.node !== machine)
        return [{ what: `${machine}: the pod there says that it is on ${probe.node}` }];
      if (probe.service.node) return [];
      return [
        {
          what: `${machine}: ${probe.service.address ?? "the Service"}: ${probe.service.error ?? "no answer"}`,
        },
      ];
    });
    const answered = new Set(probes.map(({ probe }) => probe?.service.node).filter(Boolean));
    return everyOne(
      problems,
      `answers from ${probes.length} of ${probes.length} nodes, by pods on ${[...answered].sort().join(", ")}`,
    );
  },
};
