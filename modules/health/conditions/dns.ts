import { getJson } from "../../kubernetes/index.ts";
import { type Condition, everyOne, type Problem } from "../condition.ts";
import { probe } from "../probe-manifests.ts";
import { probeNodes } from "./probes.ts";

interface Deployment {
  readonly spec?: { readonly replicas?: number };
  readonly status?: { readonly readyReplicas?: number };
}

export const dns: Condition = {
  name: "dns",
  describe: "CoreDNS is ready, and pods of every node look up a Service's right address",
  next: "`landfall kubectl -n kube-system logs deployment/coredns`; if it is well, see `network`.",
  async check({ plan, api }, signal) {
    const [coredns, service, probes] = await Promise.all([
      getJson<Deployment>(api, "/apis/apps/v1/namespaces/kube-system/deployments/coredns", { signal }),
      getJson<{ spec?: { clusterIP?: string } }>(
        api,
        `/api/v1/namespaces/${probe.namespace}/services/${probe.name}`,
        { signal },
      ),
      probeNodes(api, plan, signal),
    ]);
    const ready = coredns.value.status?.readyReplicas ?? 0;
    const wanted = coredns.value.spec?.replicas ?? 1;
    const address = service.value.spec?.clusterIP ?? "";
    const problems: Problem[] = probes.flatMap(({ machine, probe, problem }) => {
      if (!probe) return [{ who: machine, what: problem }];
      if (probe.dns.addresses?.includes(address)) return [];
      const got = probe.dns.error ?? (probe.dns.addresses?.join(", ") || "no address");
      return [{ who: machine, what: `looked up ${probe.dns.name}, expected ${address}, got ${got}` }];
    });
    if (ready < wanted || ready === 0)
      problems.unshift({ who: "CoreDNS", what: `${ready} of ${wanted} ready` });
    const nodes = probes.length;
    return everyOne(problems, `CoreDNS ${ready} of ${wanted}; right answers on ${nodes} of ${nodes} nodes`);
  },
};
