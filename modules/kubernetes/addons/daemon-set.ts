import { balancerPort } from "../paths.ts";

/** Reaches the API through the node's own balancer: the Service's address needs kube-proxy, which needs the API. */
export const apiThroughBalancer: readonly object[] = [
  { name: "KUBERNETES_SERVICE_HOST", value: "127.0.0.1" },
  { name: "KUBERNETES_SERVICE_PORT", value: String(balancerPort) },
  { name: "NODE_NAME", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } },
  { name: "POD_NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
];

/** A privileged DaemonSet on the host's network of every node, whatever its taints: what makes a node a node. */
export function nodeAgent(options: {
  readonly name: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly health: { readonly port: number; readonly path: string };
  readonly env?: readonly object[];
  readonly mounts: readonly object[];
  readonly volumes: readonly object[];
  /** Changes when the configuration does, so that the pods are replaced. */
  readonly configHash: string;
}): object {
  const labels = { "app.kubernetes.io/name": options.name };
  return {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name: options.name, namespace: "kube-system", labels },
    spec: {
      selector: { matchLabels: labels },
      updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: 1 } },
      template: {
        metadata: { labels, annotations: { "landfall.local/config": options.configHash } },
        spec: {
          hostNetwork: true,
          priorityClassName: "system-node-critical",
          serviceAccountName: options.name,
          tolerations: [{ operator: "Exists" }],
          terminationGracePeriodSeconds: 10,
          containers: [
            {
              name: options.name,
              image: options.image,
              imagePullPolicy: "Never",
              command: options.command,
              env: [...apiThroughBalancer, ...(options.env ?? [])],
              securityContext: { privileged: true },
              resources: { requests: { cpu: "50m", memory: "40Mi" } },
              readinessProbe: {
                httpGet: { host: "127.0.0.1", port: options.health.port, path: options.health.path },
                periodSeconds: 2,
              },
              volumeMounts: options.mounts,
            },
          ],
          volumes: options.volumes,
        },
      },
    },
  };
}
