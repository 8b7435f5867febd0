import { kubeRouterRole } from "../kube-router.ts";

/** What kube-router may read, on every node under a certificate of its own. kube-proxy's role is Kubernetes' own. */
export function networkRbac(): readonly object[] {
  return [
    kubeRouterRole,
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name: "landfall:kube-router" },
      roleRef: {
        apiGroup: "rbac.authorization.k8s.io",
        kind: "ClusterRole",
        name: kubeRouterRole.metadata.name,
      },
      subjects: [{ kind: "User", apiGroup: "rbac.authorization.k8s.io", name: "landfall:kube-router" }],
    },
  ];
}

/** Bindings that the control plane needs before anything else: apiservers may ask kubelets for logs, exec and proxies. */
export function controlPlaneRbac(): readonly object[] {
  return [
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name: "landfall:apiserver-to-kubelet" },
      roleRef: {
        apiGroup: "rbac.authorization.k8s.io",
        kind: "ClusterRole",
        name: "system:kubelet-api-admin",
      },
      subjects: [
        { apiGroup: "rbac.authorization.k8s.io", kind: "User", name: "kube-apiserver-kubelet-client" },
      ],
    },
  ];
}

/** A ServiceAccount in kube-system bound to a ClusterRole. */
export function serviceAccount(name: string, clusterRole: string): readonly object[] {
  return [
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace: "kube-system" } },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name: `landfall:${name}` },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: clusterRole },
      subjects: [{ kind: "ServiceAccount", name, namespace: "kube-system" }],
    },
  ];
}
