// The pod network that Landfall's clusters have, as kubeadm's documentation has add-ons: applied, as a DaemonSet.
import {
  cniConfig,
  kubeRouterCommand,
  kubeRouterEnv,
  kubeRouterHealthPort,
  kubeRouterRole,
  startScript,
} from "../../../modules/kubernetes/index.ts";
import type { Plan } from "../../../modules/plan/index.ts";

const name = "kube-router";
const namespace = "kube-system";

export function networkAddon(plan: Plan, image: string, balancerPort: number): readonly object[] {
  const labels = { "app.kubernetes.io/name": name };
  return [
    kubeRouterRole,
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace } },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name: "landfall:kube-router" },
      roleRef: {
        apiGroup: "rbac.authorization.k8s.io",
        kind: "ClusterRole",
        name: kubeRouterRole.metadata.name,
      },
      subjects: [{ kind: "ServiceAccount", name, namespace }],
    },
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name, namespace },
      data: { "cni.conflist": cniConfig, start: startScript },
    },
    {
      apiVersion: "apps/v1",
      kind: "DaemonSet",
      metadata: { name, namespace, labels },
      spec: {
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: podSpec(plan, image, balancerPort) },
      },
    },
  ];
}

function podSpec(plan: Plan, image: string, balancerPort: number): object {
  const field = (fieldPath: string) => ({ valueFrom: { fieldRef: { fieldPath } } });
  return {
    hostNetwork: true,
    priorityClassName: "system-node-critical",
    serviceAccountName: name,
    tolerations: [{ operator: "Exists" }],
    terminationGracePeriodSeconds: 10,
    containers: [
      {
        name,
        image,
        imagePullPolicy: "Never",
        command: kubeRouterCommand(plan),
        env: [
          // Through the node's own balancer: the Service's address needs kube-proxy, which needs the API.
          { name: "KUBERNETES_SERVICE_HOST", value: "127.0.0.1" },
          { name: "KUBERNETES_SERVICE_PORT", value: String(balancerPort) },
          { name: "NODE_NAME", ...field("spec.nodeName") },
          { name: "POD_NAME", ...field("metadata.name") },
          ...kubeRouterEnv,
        ],
        securityContext: { privileged: true },
        resources: { requests: { cpu: "50m", memory: "40Mi" } },
        readinessProbe: {
          httpGet: { host: "127.0.0.1", port: kubeRouterHealthPort, path: "/healthz" },
          periodSeconds: 2,
        },
        volumeMounts: [
          { name: "config", mountPath: "/etc/kube-router", readOnly: true },
          { name: "cni", mountPath: "/etc/cni/net.d" },
          { name: "lock", mountPath: "/run/xtables.lock" },
          { name: "run", mountPath: "/run" },
        ],
      },
    ],
    volumes: [
      { name: "config", configMap: { name } },
      { name: "cni", hostPath: { path: "/etc/cni/net.d", type: "DirectoryOrCreate" } },
      { name: "lock", hostPath: { path: "/run/xtables.lock", type: "FileOrCreate" } },
      { name: "run", emptyDir: { medium: "Memory" } },
    ],
  };
}
