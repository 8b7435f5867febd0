import type { BgpPlan, Plan } from "../plan/index.ts";

const cniFile = "/etc/cni/net.d/10-kube-router.conflist";

/** Bridge and address ranges of pods; kube-router fills in the node's own ranges. */
export const cniConfig = JSON.stringify({
  cniVersion: "0.3.1",
  name: "kubernetes",
  plugins: [
    {
      type: "bridge",
      bridge: "kube-bridge",
      isDefaultGateway: true,
      hairpinMode: true,
      ipam: { type: "host-local" },
    },
    { type: "portmap", capabilities: { portMappings: true } },
  ],
});

/**
 * Starts kube-router. The node becomes Ready when the CNI file is there, so it is put there when it is whole: a file
 * without ranges would fail the first pods, and each failure costs seconds.
 */
export const startScript = `set -e
own=/run/kube-router.conflist
cp /etc/kube-router/cni.conflist $own
( until grep -q '"subnet"' $own; do sleep 0.1; done
  cp $own ${cniFile}.tmp && mv ${cniFile}.tmp ${cniFile} ) &
exec /usr/local/bin/kube-router "$@"
`;

export const kubeRouterHealthPort = 20244;

/** The command, the script's folder mounted at /etc/kube-router, and /run its own. */
export function kubeRouterCommand(plan: Pick<Plan, "network">): readonly string[] {
  return [
    "/bin/sh",
    "/etc/kube-router/start",
    "--run-router=true",
    "--run-firewall=true",
    "--run-service-proxy=false",
    "--run-loadbalancer=false",
    "--enable-overlay=false",
    "--enable-ipv4=true",
    "--enable-ipv6=false",
    `--service-cluster-ip-range=${plan.network.services}`,
    "--bgp-graceful-restart=true",
    // A dead node's routes go after 15 s; the default of 90 s leaves a minute of holes.
    "--bgp-holdtime=15s",
    `--health-port=${kubeRouterHealthPort}`,
    "--metrics-port=0",
    ...(plan.network.bgp === undefined ? [] : routerFlags(plan.network.bgp)),
  ];
}

/** Ranges of pods are no router's business: those of two versions of a cluster are the same. */
function routerFlags({ asn, routers }: BgpPlan): readonly string[] {
  return [
    `--cluster-asn=${asn}`,
    `--peer-router-ips=${routers.map(({ address }) => address).join(",")}`,
    `--peer-router-asns=${routers.map((router) => router.asn).join(",")}`,
    "--advertise-pod-cidr=false",
  ];
}

export const kubeRouterEnv = [{ name: "KUBE_ROUTER_CNI_CONF_FILE", value: "/run/kube-router.conflist" }];

/** What kube-router reads of the API; it writes nothing. */
export const kubeRouterRole = {
  apiVersion: "rbac.authorization.k8s.io/v1",
  kind: "ClusterRole",
  metadata: { name: "landfall:kube-router" },
  rules: [
    { apiGroups: [""], resources: ["namespaces", "pods", "services", "nodes", "endpoints"] },
    { apiGroups: ["networking.k8s.io"], resources: ["networkpolicies"] },
    { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"] },
  ].map((rule) => ({ ...rule, verbs: ["get", "list", "watch"] })),
};
