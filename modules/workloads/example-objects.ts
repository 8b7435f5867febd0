// A cluster's work, of every sort that is treated in a way of its own: for tests alone.
const template = (app: string, spec: object = {}) => ({
  metadata: { labels: { app } },
  spec: {
    containers: [
      {
        name: app,
        image: `registry.example/${app}:1`,
        resources: { requests: { cpu: "250m", memory: "64Mi" } },
      },
    ],
    ...spec,
  },
});
const mounting = (app: string, claim: string) => ({
  metadata: { labels: { app } },
  spec: {
    containers: [
      { name: app, image: `registry.example/${app}:1`, volumeMounts: [{ name: "data", mountPath: "/data" }] },
    ],
    volumes: [{ name: "data", persistentVolumeClaim: { claimName: claim } }],
  },
});
const named = (name: string, more: object = {}) => ({ name, namespace: "shop", ...more });
const selector = (app: string) => ({ matchLabels: { app } });

export const widgets = {
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: "widgets.example.test" },
  spec: {
    group: "example.test",
    scope: "Namespaced",
    names: { plural: "widgets", singular: "widget", kind: "Widget" },
    versions: [
      {
        name: "v1",
        served: true,
        storage: true,
        schema: {
          openAPIV3Schema: {
            type: "object",
            properties: { spec: { type: "object", properties: { size: { type: "integer" } } } },
          },
        },
      },
    ],
  },
};

const volume = (name: string, source: object, claim: string) => ({
  apiVersion: "v1",
  kind: "PersistentVolume",
  metadata: { name },
  spec: {
    capacity: { storage: "1Gi" },
    accessModes: ["ReadWriteOnce"],
    persistentVolumeReclaimPolicy: "Delete",
    storageClassName: "network",
    claimRef: { namespace: "shop", name: claim },
    ...source,
  },
});
const claim = (name: string, volumeName: string) => ({
  apiVersion: "v1",
  kind: "PersistentVolumeClaim",
  metadata: named(name),
  spec: {
    accessModes: ["ReadWriteOnce"],
    storageClassName: "network",
    volumeName,
    resources: { requests: { storage: "1Gi" } },
  },
});

/** Node port that `web` has in blue, and somebody else in green. */
export const contestedPort = 30080;

export const work: readonly object[] = [
  widgets,
  { apiVersion: "v1", kind: "Namespace", metadata: { name: "shop", labels: { team: "sales" } } },
  { apiVersion: "example.test/v1", kind: "Widget", metadata: named("one"), spec: { size: 3 } },
  {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRole",
    metadata: { name: "shop-reader" },
    rules: [{ apiGroups: [""], resources: ["nodes"], verbs: ["get"] }],
  },
  {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "RoleBinding",
    metadata: named("reader"),
    roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "shop-reader" },
    subjects: [{ kind: "ServiceAccount", name: "web", namespace: "shop" }],
  },
  { apiVersion: "v1", kind: "ServiceAccount", metadata: named("web") },
  { apiVersion: "v1", kind: "ConfigMap", metadata: named("settings"), data: { colour: "blue" } },
  { apiVersion: "v1", kind: "Secret", metadata: named("password"), stringData: { password: "hunter2" } },
  {
    apiVersion: "v1",
    kind: "Secret",
    metadata: named("token", { annotations: { "kubernetes.io/service-account.name": "web" } }),
    type: "kubernetes.io/service-account-token",
  },
  {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: named("web"),
    spec: {
      replicas: 3,
      selector: selector("web"),
      template: template("web", { serviceAccountName: "web" }),
    },
  },
  {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: named("agent"),
    spec: { selector: selector("agent"), template: template("agent") },
  },
  {
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    metadata: named("db"),
    spec: {
      replicas: 1,
      serviceName: "db",
      selector: selector("db"),
      template: {
        metadata: { labels: { app: "db" } },
        spec: {
          containers: [
            {
              name: "db",
              image: "registry.example/db:1",
              volumeMounts: [{ name: "data", mountPath: "/data" }],
            },
          ],
        },
      },
      volumeClaimTemplates: [
        {
          metadata: { name: "data" },
          spec: {
            accessModes: ["ReadWriteOnce"],
            storageClassName: "network",
            resources: { requests: { storage: "1Gi" } },
          },
        },
      ],
    },
  },
  {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: named("counter"),
    spec: { replicas: 2, selector: selector("counter"), template: mounting("counter", "counts") },
  },
  {
    apiVersion: "batch/v1",
    kind: "CronJob",
    metadata: named("report"),
    spec: {
      schedule: "0 3 * * *",
      jobTemplate: { spec: { template: template("report", { restartPolicy: "Never" }) } },
    },
  },
  {
    apiVersion: "v1",
    kind: "Service",
    metadata: named("web"),
    spec: { type: "NodePort", selector: { app: "web" }, ports: [{ port: 80, nodePort: contestedPort }] },
  },
  {
    apiVersion: "v1",
    kind: "Service",
    metadata: named("admin"),
    spec: { type: "NodePort", selector: { app: "web" }, ports: [{ port: 81, nodePort: 30081 }] },
  },
  {
    apiVersion: "v1",
    kind: "Service",
    metadata: named("public"),
    spec: {
      type: "LoadBalancer",
      externalTrafficPolicy: "Local",
      selector: { app: "web" },
      ports: [{ port: 80, nodePort: 30082 }],
    },
  },
  {
    apiVersion: "v1",
    kind: "Service",
    metadata: named("db"),
    spec: { clusterIP: "None", selector: { app: "db" }, ports: [{ port: 5432 }] },
  },
  {
    apiVersion: "v1",
    kind: "Service",
    metadata: named("elsewhere"),
    spec: { type: "ExternalName", externalName: "db.example" },
  },
  {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: named("db"),
    spec: { podSelector: selector("db"), ingress: [{ from: [{ podSelector: selector("web") }] }] },
  },
  {
    apiVersion: "policy/v1",
    kind: "PodDisruptionBudget",
    metadata: named("web"),
    spec: { minAvailable: 2, selector: selector("web") },
  },
  {
    apiVersion: "autoscaling/v2",
    kind: "HorizontalPodAutoscaler",
    metadata: named("web"),
    spec: {
      scaleTargetRef: { apiVersion: "apps/v1", kind: "Deployment", name: "web" },
      minReplicas: 2,
      maxReplicas: 5,
      metrics: [
        {
          type: "Resource",
          resource: { name: "cpu", target: { type: "Utilization", averageUtilization: 60 } },
        },
      ],
    },
  },
  volume("pv-counts", { nfs: { server: "10.0.0.9", path: "/counts" } }, "counts"),
  claim("counts", "pv-counts"),
  volume("pv-db", { nfs: { server: "10.0.0.9", path: "/db" } }, "data-db-0"),
  claim("data-db-0", "pv-db"),
];

/** What cannot follow by itself. */
export const localWork: readonly object[] = [
  volume("pv-cache", { hostPath: { path: "/var/cache/shop" } }, "cache"),
  claim("cache", "pv-cache"),
];
