import { stringify } from "yaml";
import type { Plan } from "../../plan/index.ts";
import { hash } from "../hash.ts";
import { nodeAgent } from "./daemon-set.ts";
import { serviceAccount } from "./rbac.ts";

/** Services on every node, by nftables. */
export function kubeProxy(plan: Plan, image: string): readonly object[] {
  const config = stringify({
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    mode: "nftables",
    clusterCIDR: plan.network.pods,
    // Sizes of conntrack's table are the machine's affair, not a pod's.
    conntrack: { maxPerCore: 0, min: 0 },
    healthzBindAddress: "127.0.0.1:10256",
    metricsBindAddress: "127.0.0.1:10249",
  });
  return [
    ...serviceAccount("kube-proxy", "system:node-proxier"),
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: "kube-proxy", namespace: "kube-system" },
      data: { "config.yaml": config },
    },
    nodeAgent({
      name: "kube-proxy",
      image,
      command: [
        "/usr/local/bin/kube-proxy",
        "--config=/etc/kube-proxy/config.yaml",
        "--hostname-override=$(NODE_NAME)",
      ],
      health: { port: 10256, path: "/livez" },
      mounts: [{ name: "config", mountPath: "/etc/kube-proxy", readOnly: true }],
      volumes: [{ name: "config", configMap: { name: "kube-proxy" } }],
      configHash: hash(config),
    }),
  ];
}
