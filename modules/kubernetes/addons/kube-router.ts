import type { Plan } from "../../plan/index.ts";
import { hash } from "../hash.ts";
import { nodeAgent } from "./daemon-set.ts";
import { serviceAccount } from "./rbac.ts";

const cniFile = "/etc/cni/net.d/10-kube-router.conflist";

/** Bridge and address ranges of pods; kube-router fills in the node's own ranges. */
const cniConfig = JSON.stringify({
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

// The node becomes Ready when the CNI file is there, so it is put there when it is whole: a file without ranges would
// fail the first pods, and each failure costs seconds.
const start = `set -e
own=/run/kube-router.conflist
cp /etc/kube-router/cni.conflist $own
( until grep -q '"subnet"' $own; do sleep 0.1; done
  cp $own ${cniFile}.tmp && mv ${cniFile}.tmp ${cniFile} ) &
exec /usr/local/bin/kube-router "$@"
`;

/** The pod network: routes by BGP between the nodes, without encapsulation, and NetworkPolicy enforced. */
export function kubeRouter(plan: Plan, image: string): readonly object[] {
  const rules = [
    { apiGroups: [""], resources: ["namespaces", "pods", "services", "nodes", "endpoints"] },
    { apiGroups: ["networking.k8s.io"], resources: ["networkpolicies"] },
    { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"] },
  ].map((rule) => ({ ...rule, verbs: ["get", "list", "watch"] }));
  return [
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRole",
      metadata: { name: "landfall:kube-router" },
      rules,
    },
    ...serviceAccount("kube-router", "landfall:kube-router"),
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "kube-router", namespace: "kube-system" },
      data: { "cni.conflist": cniConfig, start },
    },
    nodeAgent({
      name: "kube-router",
      image,
      command: [
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
        "--health-port=20244",
        "--metrics-port=0",
      ],
      health: { port: 20244, path: "/healthz" },
      mounts: [
        { name: "config", mountPath: "/etc/kube-router", readOnly: true },
        { name: "cni", mountPath: "/etc/cni/net.d" },
        { name: "lock", mountPath: "/run/xtables.lock" },
        { name: "run", mountPath: "/run" },
      ],
      volumes: [
        { name: "config", configMap: { name: "kube-router" } },
        { name: "cni", hostPath: { path: "/etc/cni/net.d", type: "DirectoryOrCreate" } },
        { name: "lock", hostPath: { path: "/run/xtables.lock", type: "FileOrCreate" } },
        { name: "run", emptyDir: { medium: "Memory" } },
      ],
      env: [{ name: "KUBE_ROUTER_CNI_CONF_FILE", value: "/run/kube-router.conflist" }],
      configHash: hash(cniConfig + start),
    }),
  ];
}
