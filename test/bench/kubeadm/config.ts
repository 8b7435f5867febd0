// kubeadm's configuration: its defaults, but for what this rack and our image names need.
import { stringify } from "yaml";
import { apiServerPort, balancerPort } from "../../../modules/kubernetes/index.ts";
import type { MachinePlan, Plan } from "../../../modules/plan/index.ts";
import type { Release } from "../../../modules/release/index.ts";

const apiVersion = "kubeadm.k8s.io/v1beta4";
const endpoint = `127.0.0.1:${balancerPort}`;

export interface JoinSecrets {
  readonly token: string;
  /** Hash of the new cluster's CA, as `init` prints it. */
  readonly caHash: string;
  /** 64 hex digits: what `init` encrypts the uploaded certificates with. */
  readonly certificateKey: string;
}

export function initConfig(
  plan: Plan,
  { images, kubernetes }: Release,
  master: MachinePlan,
  { token, certificateKey }: Pick<JoinSecrets, "token" | "certificateKey">,
): string {
  return documents(
    {
      apiVersion,
      kind: "InitConfiguration",
      bootstrapTokens: [{ token }],
      certificateKey,
      localAPIEndpoint: { advertiseAddress: master.address, bindPort: apiServerPort },
      nodeRegistration: nodeRegistration(),
    },
    {
      apiVersion,
      kind: "ClusterConfiguration",
      kubernetesVersion: `v${kubernetes}`,
      controlPlaneEndpoint: endpoint,
      imageRepository: "landfall.local",
      dns: { imageTag: tag(images.coredns) },
      etcd: { local: { imageTag: tag(images.etcd) } },
      networking: {
        podSubnet: plan.network.pods,
        serviceSubnet: plan.network.services,
        dnsDomain: plan.network.domain,
      },
    },
    {
      apiVersion: "kubelet.config.k8s.io/v1beta1",
      kind: "KubeletConfiguration",
      cgroupDriver: "cgroupfs",
      failSwapOn: false,
      failCgroupV1: false,
    },
    {
      apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
      kind: "KubeProxyConfiguration",
      mode: "nftables",
      conntrack: { maxPerCore: 0, min: 0 },
    },
  );
}

export function joinConfig(machine: MachinePlan, { token, caHash, certificateKey }: JoinSecrets): string {
  return documents({
    apiVersion,
    kind: "JoinConfiguration",
    discovery: { bootstrapToken: { apiServerEndpoint: endpoint, token, caCertHashes: [caHash] } },
    ...(machine.role === "master" && {
      controlPlane: {
        localAPIEndpoint: { advertiseAddress: machine.address, bindPort: apiServerPort },
        certificateKey,
      },
    }),
    nodeRegistration: nodeRegistration(),
  });
}

/** Images are there already, under the names that they are asked for by. */
function nodeRegistration(): object {
  return { imagePullPolicy: "Never", ignorePreflightErrors: ["all"] };
}

function tag(image = ""): string {
  return image.slice(image.lastIndexOf(":") + 1);
}

function documents(...values: readonly object[]): string {
  return values.map((value) => stringify(value)).join("---\n");
}
