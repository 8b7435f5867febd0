// What kube-apiserver reads beside its flags.

/** Anonymous requests may ask for health (balancers do) and nothing else. */
export const authenticationConfig = {
  apiVersion: "apiserver.config.k8s.io/v1",
  kind: "AuthenticationConfiguration",
  anonymous: {
    enabled: true,
    conditions: [{ path: "/livez" }, { path: "/readyz" }, { path: "/healthz" }],
  },
};

/** Who did what, without bodies (they hold secrets); the control plane's own heartbeats are left out. */
export const auditPolicy = {
  apiVersion: "audit.k8s.io/v1",
  kind: "Policy",
  omitStages: ["RequestReceived"],
  rules: [
    { level: "None", nonResourceURLs: ["/livez*", "/readyz*", "/healthz*", "/version", "/metrics"] },
    { level: "None", resources: [{ group: "coordination.k8s.io", resources: ["leases"] }] },
    { level: "None", resources: [{ group: "", resources: ["events"] }, { group: "events.k8s.io" }] },
    {
      level: "None",
      userGroups: ["system:nodes", "system:serviceaccounts:kube-system"],
      verbs: ["get", "list", "watch"],
    },
    {
      level: "None",
      users: ["system:kube-controller-manager", "system:kube-scheduler", "system:apiserver"],
      verbs: ["get", "list", "watch"],
    },
    { level: "Metadata" },
  ],
};

/** A kubeconfig that refers to a certificate by path, so that it holds no secret itself. */
export function kubeconfig(options: {
  server: string;
  authority: string;
  certificate: string;
  key: string;
}): object {
  return {
    apiVersion: "v1",
    kind: "Config",
    clusters: [
      { name: "cluster", cluster: { server: options.server, "certificate-authority": options.authority } },
    ],
    users: [{ name: "user", user: { "client-certificate": options.certificate, "client-key": options.key } }],
    contexts: [{ name: "context", context: { cluster: "cluster", user: "user" } }],
    "current-context": "context",
  };
}
