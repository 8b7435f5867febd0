import type { Plan, PoolPlan } from "../plan/index.ts";
import { libDir, manifestsDir, metadataFile, pkiDir, releaseDir } from "./paths.ts";

/** KubeletConfiguration of a pool. What differs per machine (name, address, labels) are flags, from its metadata. */
export function kubeletConfig(plan: Plan, pool: PoolPlan): object {
  return {
    apiVersion: "kubelet.config.k8s.io/v1beta1",
    kind: "KubeletConfiguration",
    authentication: {
      anonymous: { enabled: false },
      webhook: { enabled: true },
      x509: { clientCAFile: `${pkiDir}/ca.crt` },
    },
    authorization: { mode: "Webhook" },
    tlsCertFile: `${pkiDir}/kubelet-server.crt`,
    tlsPrivateKeyFile: `${pkiDir}/kubelet-server.key`,
    clusterDNS: [plan.network.dnsService],
    clusterDomain: plan.network.domain,
    resolvConf: "/etc/resolv.conf",
    containerRuntimeEndpoint: "unix:///run/containerd/containerd.sock",
    registerWithTaints: taints(pool),
    staticPodPath: manifestsDir,
    // Machines have no swap; the lab's host may, and its cgroups may be v1 (refused from 1.35 on unless said).
    failSwapOn: false,
    failCgroupV1: false,
    // Images come with the release and from nowhere else: collecting them would leave nothing to pull them from.
    imageGCHighThresholdPercent: 100,
    imageGCLowThresholdPercent: 99,
    evictionHard: { "memory.available": "100Mi", "nodefs.available": "3%", "imagefs.available": "3%" },
    // A component that started before the one it needs is tried again at once, not after ten seconds and more.
    featureGates: { KubeletCrashLoopBackOffMax: true },
    crashLoopBackOff: { maxContainerRestartPeriod: "2s" },
    // The lease is renewed four times in this. A kubelet that asks for its lease while it is still registering its node
    // gives up until the next renewal: 10 s of the default's 40, and the node does not count as heard of until then.
    nodeLeaseDurationSeconds: 20,
    // kube-proxy works with nftables; the kubelet's own iptables chains serve nobody.
    makeIPTablesUtilChains: false,
    serializeImagePulls: false,
    shutdownGracePeriod: "0s",
    logging: { verbosity: 1 },
  };
}

function taints(pool: PoolPlan): readonly object[] {
  return pool.taints.map((taint) => ({
    key: taint.key,
    ...(taint.value !== undefined && { value: taint.value }),
    effect: taint.effect,
  }));
}

/** kubelet.service: starts when this machine's keys have been delivered, and then at every boot. */
export const kubeletUnit = `[Unit]
Description=Kubernetes node agent
After=containerd.service network.target
Wants=containerd.service landfall-stages.service landfall-first-objects.service
ConditionPathExists=${pkiDir}/.delivered
StartLimitIntervalSec=0

[Service]
EnvironmentFile=${metadataFile}
Environment=GOGC=300
ExecStart=${releaseDir}/bin/kubelet \\
  --config=/etc/kubernetes/kubelet.yaml \\
  --kubeconfig=/etc/kubernetes/kubelet.kubeconfig \\
  --hostname-override=\${NAME} \\
  --node-ip=\${ADDRESS} \\
  --node-labels=\${LABELS}
Restart=always
RestartSec=1
KillMode=process
OOMScoreAdjust=-999

[Install]
WantedBy=multi-user.target
`;

/** Masters only; decides before the kubelet starts etcd, by whose data one knows a first start. */
export const firstObjectsUnit = `[Unit]
Description=Write the objects that every cluster begins with
Before=kubelet.service
ConditionPathExists=!/var/lib/etcd/member

[Service]
Type=exec
ExecStart=${libDir}/first-objects
RuntimeMaxSec=300
`;

/** Reports on the console when the kubelet, etcd, the API and the node are there, so that a landing's time can be told apart. */
export const stagesUnit = `[Unit]
Description=Report the stages of this machine's landing

[Service]
Type=oneshot
ExecStart=${libDir}/stages
StandardOutput=tty
TTYPath=/dev/console
TimeoutStartSec=3600
`;
