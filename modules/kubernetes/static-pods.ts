// The control plane as static pods. The masters are alike: what differs (@NAME@, @ADDRESS@) is filled in on the machine,
// so that all masters share one Ignition config and come up in parallel; none is first.
import type { MachinePlan, Plan } from "../plan/index.ts";
import { urlHost } from "../spec/index.ts";
import { elected, gate } from "./gate.ts";
import { apiServerPort, etcdHttpPort, pkiDir } from "./paths.ts";

export interface StaticPodInput {
  readonly plan: Plan;
  /** Distinguishes this landing of the cluster from earlier ones of the same name: etcd members of two never mix. */
  readonly generation: string;
  /** Image references by component, from the release. */
  readonly images: Readonly<Record<string, string>>;
}

interface Mount {
  readonly name: string;
  readonly path: string;
  readonly writable?: boolean;
}

interface Probe {
  readonly path: string;
  readonly port: number;
  readonly scheme: "HTTP" | "HTTPS";
}

/** Manifests by file name, with @NAME@ and @ADDRESS@ left to fill in. */
export function staticPods(input: StaticPodInput): Readonly<Record<string, object>> {
  const masters = input.plan.machines.filter((machine) => machine.role === "master");
  return {
    "etcd.yaml": etcd(input, masters),
    "kube-apiserver.yaml": apiServer(input),
    "kube-controller-manager.yaml": controllerManager(input),
    "kube-scheduler.yaml": scheduler(input),
  };
}

function etcd({ plan, generation, images }: StaticPodInput, masters: readonly MachinePlan[]): object {
  const members = masters.map((master) => `${master.name}=https://${urlHost(master.address)}:2380`);
  const pki = `${pkiDir}/etcd`;
  return pod({
    name: "etcd",
    image: image(images, "etcd"),
    cpu: "200m",
    command: [
      "/usr/local/bin/etcd",
      "--name=@NAME@",
      "--data-dir=/var/lib/etcd",
      "--listen-client-urls=https://127.0.0.1:2379,https://@HOST@:2379",
      "--advertise-client-urls=https://@HOST@:2379",
      // Beside gRPC on the same port, every gRPC call would go the long way through an HTTP server.
      `--listen-client-http-urls=https://127.0.0.1:${etcdHttpPort},https://@HOST@:${etcdHttpPort}`,
      "--listen-peer-urls=https://@HOST@:2380",
      "--initial-advertise-peer-urls=https://@HOST@:2380",
      `--initial-cluster=${members.join(",")}`,
      // "new" stays right for ever: a member with data ignores it, and a wiped one is replaced, never joined again by this.
      "--initial-cluster-state=new",
      `--initial-cluster-token=${plan.cluster}-${generation}`,
      `--cert-file=${pki}/server.crt`,
      `--key-file=${pki}/server.key`,
      `--trusted-ca-file=${pki}/ca.crt`,
      "--client-cert-auth=true",
      `--peer-cert-file=${pki}/peer.crt`,
      `--peer-key-file=${pki}/peer.key`,
      `--peer-trusted-ca-file=${pki}/ca.crt`,
      "--peer-client-cert-auth=true",
      "--listen-metrics-urls=http://127.0.0.1:2381",
      "--log-level=warn",
    ],
    probe: { path: "/health?serializable=true", port: 2381, scheme: "HTTP" },
    mounts: [
      // Not the PKI alone: that is a link which renewed certificates move, and etcd reads them anew at each handshake.
      { name: "kubernetes", path: "/etc/kubernetes" },
      { name: "data", path: "/var/lib/etcd", writable: true },
    ],
  });
}

function apiServer({ plan, images }: StaticPodInput): object {
  return pod({
    name: "kube-apiserver",
    image: image(images, "kube-apiserver"),
    cpu: "250m",
    command: [
      "/usr/local/bin/kube-apiserver",
      "--advertise-address=@ADDRESS@",
      `--secure-port=${apiServerPort}`,
      `--etcd-servers=https://127.0.0.1:2379`,
      `--etcd-cafile=${pkiDir}/etcd/ca.crt`,
      `--etcd-certfile=${pkiDir}/apiserver-etcd-client.crt`,
      `--etcd-keyfile=${pkiDir}/apiserver-etcd-client.key`,
      `--tls-cert-file=${pkiDir}/apiserver.crt`,
      `--tls-private-key-file=${pkiDir}/apiserver.key`,
      `--client-ca-file=${pkiDir}/ca.crt`,
      // Anonymous requests reach the health paths alone.
      "--authentication-config=/etc/kubernetes/authentication.yaml",
      "--authorization-mode=Node,RBAC",
      "--enable-admission-plugins=NodeRestriction",
      `--encryption-provider-config=${pkiDir}/encryption.yaml`,
      "--audit-policy-file=/etc/kubernetes/audit-policy.yaml",
      "--audit-log-path=/var/log/kubernetes/audit.log",
      "--audit-log-maxsize=50",
      "--audit-log-maxbackup=3",
      `--kubelet-client-certificate=${pkiDir}/apiserver-kubelet-client.crt`,
      `--kubelet-client-key=${pkiDir}/apiserver-kubelet-client.key`,
      `--kubelet-certificate-authority=${pkiDir}/ca.crt`,
      "--kubelet-preferred-address-types=InternalIP",
      `--proxy-client-cert-file=${pkiDir}/front-proxy-client.crt`,
      `--proxy-client-key-file=${pkiDir}/front-proxy-client.key`,
      `--requestheader-client-ca-file=${pkiDir}/front-proxy-ca.crt`,
      "--requestheader-allowed-names=front-proxy-client",
      "--requestheader-username-headers=X-Remote-User",
      "--requestheader-group-headers=X-Remote-Group",
      "--requestheader-extra-headers-prefix=X-Remote-Extra-",
      `--service-account-issuer=https://kubernetes.default.svc.${plan.network.domain}`,
      `--service-account-key-file=${pkiDir}/sa.pub`,
      `--service-account-signing-key-file=${pkiDir}/sa.key`,
      `--service-cluster-ip-range=${plan.network.services}`,
      "--allow-privileged=true",
      "--profiling=false",
    ],
    probe: { path: "/livez", port: apiServerPort, scheme: "HTTPS" },
    readiness: { path: "/readyz", port: apiServerPort, scheme: "HTTPS" },
    mounts: [
      { name: "kubernetes", path: "/etc/kubernetes" },
      { name: "logs", path: "/var/log/kubernetes", writable: true },
    ],
  });
}

function controllerManager({ plan, images }: StaticPodInput): object {
  const kubeconfig = "/etc/kubernetes/controller-manager.kubeconfig";
  return pod({
    name: "kube-controller-manager",
    image: image(images, "kube-controller-manager"),
    // Less than etcd's and the apiserver's, which it waits for: where cores are few, those are to start first.
    cpu: "50m",
    command: [
      // Refused at its election it would wait for up to two seconds before the next.
      ...gate("controller-manager", elected("kube-controller-manager")),
      "/usr/local/bin/kube-controller-manager",
      `--kubeconfig=${kubeconfig}`,
      `--authentication-kubeconfig=${kubeconfig}`,
      `--authorization-kubeconfig=${kubeconfig}`,
      ...clientAuthorities,
      "--bind-address=127.0.0.1",
      `--tls-cert-file=${pkiDir}/controller-manager-server.crt`,
      `--tls-private-key-file=${pkiDir}/controller-manager-server.key`,
      // Nothing in the cluster can sign: the authorities' keys never leave the deployer's store.
      "--controllers=*,-certificatesigningrequest-signing-controller",
      `--root-ca-file=${pkiDir}/ca.crt`,
      `--service-account-private-key-file=${pkiDir}/sa.key`,
      "--use-service-account-credentials=true",
      "--allocate-node-cidrs=true",
      `--cluster-cidr=${plan.network.pods}`,
      `--service-cluster-ip-range=${plan.network.services}`,
      // The default of 20 requests a second makes its forty controllers start one after the other for seconds.
      "--kube-api-qps=200",
      "--kube-api-burst=400",
      "--leader-elect-lease-duration=10s",
      "--leader-elect-renew-deadline=8s",
      "--leader-elect-retry-period=1s",
      "--profiling=false",
    ],
    probe: { path: "/healthz", port: 10257, scheme: "HTTPS" },
    mounts: [{ name: "kubernetes", path: "/etc/kubernetes" }],
  });
}

/**
 * Who may ask for metrics. Said here, since looking it up in the cluster fails until one apiserver has made its first
 * roles, and controllers that fail are started again seconds later, in the middle of every first start.
 */
const clientAuthorities: readonly string[] = [
  "--authentication-skip-lookup=true",
  `--client-ca-file=${pkiDir}/ca.crt`,
  `--requestheader-client-ca-file=${pkiDir}/front-proxy-ca.crt`,
];

function scheduler({ images }: StaticPodInput): object {
  const kubeconfig = "/etc/kubernetes/scheduler.kubeconfig";
  return pod({
    name: "kube-scheduler",
    image: image(images, "kube-scheduler"),
    cpu: "50m",
    command: [
      // Its informers come before its election, and refused once they back off for seconds.
      ...gate("scheduler", elected("kube-scheduler")),
      "/usr/local/bin/kube-scheduler",
      `--kubeconfig=${kubeconfig}`,
      `--authentication-kubeconfig=${kubeconfig}`,
      `--authorization-kubeconfig=${kubeconfig}`,
      ...clientAuthorities,
      "--bind-address=127.0.0.1",
      `--tls-cert-file=${pkiDir}/scheduler-server.crt`,
      `--tls-private-key-file=${pkiDir}/scheduler-server.key`,
      "--leader-elect-lease-duration=10s",
      "--leader-elect-renew-deadline=8s",
      "--leader-elect-retry-period=1s",
      "--profiling=false",
    ],
    probe: { path: "/healthz", port: 10259, scheme: "HTTPS" },
    mounts: [{ name: "kubernetes", path: "/etc/kubernetes" }],
  });
}

/**
 * Go collects garbage when the heap has grown by this many per cent (its default is 100). A start is little else than
 * growth: measured on two cores, a landing takes a tenth less CPU, and five idle machines 400 MB more memory.
 */
export const startEnv: readonly object[] = [{ name: "GOGC", value: "300" }];

function pod(options: {
  readonly name: string;
  readonly image: string;
  readonly cpu: string;
  readonly command: readonly string[];
  readonly probe: Probe;
  readonly readiness?: Probe;
  readonly mounts: readonly Mount[];
}): object {
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name: options.name,
      namespace: "kube-system",
      labels: { component: options.name, tier: "control-plane" },
    },
    spec: {
      hostNetwork: true,
      priorityClassName: "system-node-critical",
      securityContext: { seccompProfile: { type: "RuntimeDefault" } },
      containers: [
        {
          name: options.name,
          image: options.image,
          imagePullPolicy: "Never",
          command: options.command,
          env: startEnv,
          resources: { requests: { cpu: options.cpu } },
          // Slow machines are given two and a half minutes to start before a dead one is started anew.
          startupProbe: probe(options.probe, { periodSeconds: 5, failureThreshold: 30 }),
          livenessProbe: probe(options.probe, { periodSeconds: 10, failureThreshold: 8 }),
          ...(options.readiness && {
            readinessProbe: probe(options.readiness, { periodSeconds: 5, failureThreshold: 3 }),
          }),
          volumeMounts: options.mounts.map((mount) => ({
            name: mount.name,
            mountPath: mount.path,
            ...(mount.writable ? {} : { readOnly: true }),
          })),
        },
      ],
      volumes: options.mounts.map((mount) => ({
        name: mount.name,
        hostPath: { path: mount.path, type: "DirectoryOrCreate" },
      })),
    },
  };
}

function probe(target: Probe, pace: { periodSeconds: number; failureThreshold: number }): object {
  return {
    httpGet: { host: "127.0.0.1", path: target.path, port: target.port, scheme: target.scheme },
    timeoutSeconds: 10,
    ...pace,
  };
}

/** An image of the release; a release without it cannot make a control plane. */
export function image(images: Readonly<Record<string, string>>, component: string): string {
  const reference = images[component];
  if (reference === undefined) throw new Error(`the release has no image for ${component}`);
  return reference;
}
