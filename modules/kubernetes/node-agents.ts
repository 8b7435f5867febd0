// What makes a machine a node, beside its kubelet: kube-proxy and kube-router, as static pods of every machine. They start
// with the machine, wait for nothing to schedule them, and come back after a loss of power before any API answers.
import type { Plan } from "../plan/index.ts";
import { gate } from "./gate.ts";
import { hash } from "./hash.ts";
import {
  cniConfig,
  kubeRouterCommand,
  kubeRouterEnv,
  kubeRouterHealthPort,
  startScript,
} from "./kube-router.ts";
import { kubeProxyConfigFile, kubeRouterDir } from "./paths.ts";
import { image, startEnv } from "./static-pods.ts";

/** Labels of the agents' pods: what health looks for. */
export const agentLabel = "app.kubernetes.io/name";
export const agentNames = ["kube-router", "kube-proxy"] as const;

/** Without a range for its pods kube-router ends itself; what gives ranges out has the machine to itself until then. */
const nodeHasRange = {
  path: "/api/v1/nodes?watch=true&timeoutSeconds=8&fieldSelector=metadata.name%3D@NAME@",
  contains: '"podCIDR":',
};

/** Manifests by file name, with @NAME@ left to fill in. */
export function nodeAgents(
  plan: Pick<Plan, "network">,
  images: Readonly<Record<string, string>>,
): Readonly<Record<string, object>> {
  const router = kubeRouterCommand(plan);
  return {
    "kube-proxy.yaml": agent({
      name: "kube-proxy",
      image: image(images, "kube-proxy"),
      command: [
        ...gate("kube-proxy", nodeHasRange),
        "/usr/local/bin/kube-proxy",
        `--config=${kubeProxyConfigFile}`,
        "--hostname-override=@NAME@",
      ],
      health: { port: 10256, path: "/livez" },
      mounts: [{ name: "kubernetes", path: "/etc/kubernetes" }],
      configHash: hash(JSON.stringify(kubeProxyConfig(plan))),
    }),
    "kube-router.yaml": agent({
      name: "kube-router",
      image: image(images, "kube-router"),
      command: [
        ...gate("kube-router", nodeHasRange),
        ...router,
        "--kubeconfig=/etc/kubernetes/kube-router.kubeconfig",
        "--hostname-override=@NAME@",
      ],
      env: kubeRouterEnv,
      health: { port: kubeRouterHealthPort, path: "/healthz" },
      mounts: [
        { name: "kubernetes", path: "/etc/kubernetes" },
        { name: "config", path: kubeRouterDir, at: "/etc/kube-router" },
        { name: "cni", path: "/etc/cni/net.d", writable: true },
        { name: "lock", path: "/run/xtables.lock", writable: true, type: "FileOrCreate" },
      ],
      volumes: [{ name: "run", emptyDir: { medium: "Memory" } }],
      volumeMounts: [{ name: "run", mountPath: "/run" }],
      configHash: hash(cniConfig + startScript),
    }),
  };
}

/** Services on every node, by nftables. */
export function kubeProxyConfig(plan: Pick<Plan, "network">): object {
  return {
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    mode: "nftables",
    clusterCIDR: plan.network.pods,
    // A Service's first endpoints are in force this long after the change before (the default is a second); with nftables
    // only what changed is written.
    nftables: { minSyncPeriod: "250ms" },
    clientConnection: { kubeconfig: "/etc/kubernetes/kube-proxy.kubeconfig" },
    // Sizes of conntrack's table are the machine's affair, not a pod's.
    conntrack: { maxPerCore: 0, min: 0 },
    healthzBindAddress: "127.0.0.1:10256",
    metricsBindAddress: "127.0.0.1:10249",
  };
}

interface Agent {
  readonly name: string;
  readonly image: string;
  readonly command: readonly string[];
  readonly env?: readonly object[];
  readonly health: { readonly port: number; readonly path: string };
  /** Paths of the machine. */
  readonly mounts: readonly {
    readonly name: string;
    readonly path: string;
    /** Default: the same. */
    readonly at?: string;
    readonly writable?: boolean;
    /** Default: DirectoryOrCreate. */
    readonly type?: string;
  }[];
  readonly volumes?: readonly object[];
  readonly volumeMounts?: readonly object[];
  /** Changes when the configuration does, so that the pod is replaced. */
  readonly configHash: string;
}

function agent({ volumes = [], volumeMounts = [], env = [], ...options }: Agent): object {
  const { name, health, mounts } = options;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      namespace: "kube-system",
      labels: { [agentLabel]: name, tier: "node" },
      annotations: { "landfall.local/config": options.configHash },
    },
    spec: {
      hostNetwork: true,
      priorityClassName: "system-node-critical",
      terminationGracePeriodSeconds: 10,
      containers: [
        {
          name,
          image: options.image,
          imagePullPolicy: "Never",
          command: options.command,
          env: [...startEnv, ...env],
          securityContext: { privileged: true },
          resources: { requests: { cpu: "50m", memory: "40Mi" } },
          readinessProbe: {
            httpGet: { host: "127.0.0.1", port: health.port, path: health.path },
            periodSeconds: 2,
          },
          volumeMounts: [
            ...mounts.map((mount) => ({
              name: mount.name,
              mountPath: mount.at ?? mount.path,
              ...(mount.writable ? {} : { readOnly: true }),
            })),
            ...volumeMounts,
          ],
        },
      ],
      volumes: [
        ...mounts.map((mount) => ({
          name: mount.name,
          hostPath: { path: mount.path, type: mount.type ?? "DirectoryOrCreate" },
        })),
        ...volumes,
      ],
    },
  };
}
