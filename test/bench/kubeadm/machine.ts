// A machine as kubeadm's installation guide leaves it: containerd, the kubelet's service with kubeadm's drop-in, sshd.
// The operating system, the balancer in front of the masters and the files that only this rack needs are Landfall's own.
import { type ConfigOf, config, file, link, unit } from "@landfall/ignition";
import { apiServerPort, balancerPort, operatingSystem } from "../../../modules/kubernetes/index.ts";
import type { Plan } from "../../../modules/plan/index.ts";

const release = "/usr/lib/landfall/release";

export function kubeadmMachine(plan: Plan, sshKey: string): ConfigOf<"3.4.0"> {
  const text = (path: string, contents: string) => file({ path, contents, mode: 0o644, overwrite: true });
  return config(operatingSystem(), {
    files: [text("/root/.ssh/authorized_keys", sshKey), text("/etc/haproxy/haproxy.cfg", balancer(plan))],
    links: [
      link({ path: "/usr/bin/kubeadm", target: `${release}/kubeadm` }),
      link({ path: "/usr/bin/kubelet", target: `${release}/bin/kubelet` }),
      link({ path: "/usr/bin/kubectl", target: `${release}/bin/kubectl` }),
    ],
    units: [
      unit({ name: "ssh.service", enabled: true }),
      unit({ name: "haproxy.service", enabled: true }),
      unit({
        name: "kubelet.service",
        enabled: true,
        contents: kubelet,
        dropins: { "10-kubeadm.conf": kubeadmDropin },
      }),
    ],
  });
}

/** As in kubeadm's guide to high availability, but on every node, so that none depends on one machine. */
function balancer({ machines }: Plan): string {
  const masters = machines.filter(({ role }) => role === "master");
  return `defaults
  mode tcp
  timeout connect 1s
  timeout client 1h
  timeout server 1h
  retries 3
  option redispatch 1

frontend api
  bind 127.0.0.1:${balancerPort}
  default_backend masters

backend masters
  balance roundrobin
  option httpchk GET /readyz
  default-server check check-ssl verify none inter 1s fall 1 rise 1
${masters.map(({ name, address }) => `  server ${name} ${address}:${apiServerPort}`).join("\n")}
`;
}

/** kubepkg's kubelet.service. */
const kubelet = `[Unit]
Description=kubelet: The Kubernetes Node Agent
Wants=network-online.target
After=network-online.target

[Service]
ExecStart=/usr/bin/kubelet
Restart=always
StartLimitInterval=0
RestartSec=10

[Install]
WantedBy=multi-user.target
`;

/** kubepkg's 10-kubeadm.conf. */
const kubeadmDropin = `[Service]
Environment="KUBELET_KUBECONFIG_ARGS=--bootstrap-kubeconfig=/etc/kubernetes/bootstrap-kubelet.conf --kubeconfig=/etc/kubernetes/kubelet.conf"
Environment="KUBELET_CONFIG_ARGS=--config=/var/lib/kubelet/config.yaml"
EnvironmentFile=-/var/lib/kubelet/kubeadm-flags.env
EnvironmentFile=-/etc/default/kubelet
ExecStart=
ExecStart=/usr/bin/kubelet $KUBELET_KUBECONFIG_ARGS $KUBELET_CONFIG_ARGS $KUBELET_KUBEADM_ARGS $KUBELET_EXTRA_ARGS
`;
