// What people run in stories of replacements: a web service, and a counter on a network volume.
import { counterObjects } from "../harness/counter.ts";
import { type FileServer, volumeSource } from "../harness/file-server.ts";
import type { Rack } from "../harness/rack.ts";
import { applyObjects, webImage } from "./objects.ts";

/** On every machine. */
export const webPort = 30080;

interface Pod {
  readonly spec: { readonly containers: readonly { readonly image: string }[] };
}

/** Puts both into a cluster. @param master one of its machines. */
export async function deployWork(
  rack: Rack,
  cluster: string,
  master: string,
  files: FileServer,
): Promise<void> {
  const api = await rack.api(cluster);
  // Of the release's images the one with a shell.
  const router = await api.get<Pod>(`/api/v1/namespaces/kube-system/pods/kube-router-${master}`);
  await applyObjects(rack, cluster, [
    ...web(await webImage(api)),
    ...counterObjects(router.spec.containers[0]!.image, volumeSource(files)),
  ]);
}

/** Two pods that never leave both at once, and take their time to go. */
function web(image: string): object[] {
  const labels = { app: "shop" };
  const metadata = { name: "shop", namespace: "shop" };
  const selector = { matchLabels: labels };
  const spread = {
    weight: 1,
    podAffinityTerm: { topologyKey: "kubernetes.io/hostname", labelSelector: selector },
  };
  const container = {
    name: "web",
    image,
    imagePullPolicy: "Never",
    ports: [{ containerPort: 8080 }],
    resources: { requests: { cpu: "50m", memory: "16Mi" } },
    readinessProbe: { httpGet: { path: "/", port: 8080 }, periodSeconds: 1 },
    lifecycle: { preStop: { sleep: { seconds: 3 } } },
  };
  return [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } },
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata,
      spec: {
        replicas: 2,
        selector,
        template: {
          metadata: { labels },
          spec: {
            affinity: { podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [spread] } },
            containers: [container],
          },
        },
      },
    },
    {
      apiVersion: "policy/v1",
      kind: "PodDisruptionBudget",
      metadata,
      spec: { minAvailable: 1, selector },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata,
      spec: {
        type: "NodePort",
        selector: labels,
        ports: [{ port: 80, targetPort: 8080, nodePort: webPort }],
      },
    },
  ];
}
