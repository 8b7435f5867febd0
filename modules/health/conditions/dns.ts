import { getJson } from "../../kubernetes/index.ts";
import { type Condition, everyOne } from "../condition.ts";
import { probe } from "../probe-manifests.ts";
import { probeNodes } from "./probes.ts";

interface Deployment {
  readonly spec?: { readonly replicas?: number };
  readonly status?: { readonly readyReplicas?: number };
}

export const dns: Condition = {
  name: "dns",
  after: "nodes-ready",
  describe: "CoreDNS is ready, and pods of every node look up a Service's right address",
  next: "`landfall kubectl -n kube-system logs deployment/coredns`; if it is well, see `network`.",
  async check({ plan, api }, signal) {
    const { value: coredns } = await getJson<Deployment>(
      api,
      "/apis/apps/v1/namespaces/kube-system/deployments/coredns",
      { signal },
    );
    const ready = coredns.status?.readyReplicas ?? 0;
    const wanted = coredns.spec?.replicas ?? 1;
    // Until it is ready every lookup would only wait for its time-out.
    if (ready < wanted || ready === 0)
      return everyOne([{ who: "CoreDNS", what: `${ready} of ${wanted} ready` }], "");
    const [{ value: service }, probes] = await Promise.all([
      getJson<{ spec?: { clusterIP?: string } }>(
        api,
        `/api/v1/namespaces/${probe.namespace}/services/${probe.name}`,
        { signal },
      ),
      probeNodes(api, plan, signal),
    ]);
    const address = service.spec?.clusterIP ?? "";
    const problems = probes.flatMap(({ machine, probe, problem }) => {
      if (!probe) return [{ who: machine, what: problem }];
      if (probe.dns.addresses?.includes(address)) return [];
      const got = probe.dns.error ?? (probe.dns.addresses?.join(", ") || "no address");
      return [{ who: machine, what: `looked up ${probe.dns.name}, expected ${address}, got ${got}` }];
    });
    const nodes = probes.length;
    return everyOne(problems, `CoreDNS ${ready} of ${wanted}; right answers on ${nodes} of ${nodes} nodes`);
  },
};
