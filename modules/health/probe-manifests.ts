// A tiny web server on every node: the Service that health is proven with, and the witness of each node.
import type { Plan } from "../plan/index.ts";

/** Names that the manifests, the checks and the web server share. */
export const probe = { namespace: "landfall-system", name: "web", port: 8080 } as const;

/**
 * Manifests of the web server: a pod on every node, masters too, behind one Service. Each pod reports on /probe what the
 * cluster's DNS and that Service look like from its node. It has no rights, no token and nothing to write to.
 */
export function probeManifests({
  plan,
  image,
}: {
  plan: Pick<Plan, "network">;
  image: string;
}): readonly object[] {
  const { namespace, name, port } = probe;
  const labels = { "app.kubernetes.io/name": name };
  return [
    {
      apiVersion: "v1",
      kind: "Namespace",
      metadata: { name: namespace, labels: { "pod-security.kubernetes.io/enforce": "restricted" } },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, namespace, labels },
      spec: { selector: labels, ports: [{ name: "http", port: 80, protocol: "TCP", targetPort: port }] },
    },
    {
      apiVersion: "apps/v1",
      kind: "DaemonSet",
      metadata: { name, namespace, labels },
      spec: {
        selector: { matchLabels: labels },
        updateStrategy: { type: "RollingUpdate", rollingUpdate: { maxUnavailable: "25%" } },
        template: {
          metadata: { labels },
          spec: {
            automountServiceAccountToken: false,
            enableServiceLinks: false,
            // It must run wherever a node is judged, also on one that has no room left.
            priorityClassName: "system-node-critical",
            tolerations: [{ operator: "Exists" }],
            terminationGracePeriodSeconds: 5,
            securityContext: {
              runAsNonRoot: true,
              runAsUser: 65534,
              runAsGroup: 65534,
              seccompProfile: { type: "RuntimeDefault" },
            },
            containers: [
              {
                name,
                image,
                imagePullPolicy: "Never",
                env: [
                  { name: "NODE_NAME", valueFrom: { fieldRef: { fieldPath: "spec.nodeName" } } },
                  { name: "POD_NAME", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
                  { name: "PROBE_SERVICE", value: `${name}.${namespace}.svc.${plan.network.domain}` },
                ],
                // No readiness probe: it listens milliseconds after its start, and a probe's first turn takes a second.
                ports: [{ name: "http", containerPort: port, protocol: "TCP" }],
                resources: { requests: { cpu: "10m", memory: "16Mi" }, limits: { memory: "64Mi" } },
                securityContext: {
                  allowPrivilegeEscalation: false,
                  capabilities: { drop: ["ALL"] },
                  readOnlyRootFilesystem: true,
                },
              },
            ],
          },
        },
      },
    },
  ];
}
