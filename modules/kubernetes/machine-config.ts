// The Ignition config of a pool: the same for all of its machines. It is public (anyone on the network may ask for it),
// so it holds no secret: certificates and keys are delivered later, to each machine its own.
import { type ConfigOf, config, type File, file, type Part, unit } from "@landfall/ignition";
import { stringify } from "yaml";
import { receiveScript } from "../deliver/index.ts";
import type { PublicPki } from "../pki/index.ts";
import type { Plan, PoolPlan } from "../plan/index.ts";
import { balancerConfig, balancerDropin } from "./balancer.ts";
import { auditPolicy, authenticationConfig, kubeconfig } from "./control-plane-config.ts";
import { cniConfig, startScript } from "./kube-router.ts";
import { firstObjectsUnit, kubeletConfig, kubeletUnit, stagesUnit } from "./kubelet.ts";
import { kubeProxyConfig, nodeAgents } from "./node-agents.ts";
import {
  balancerUrl,
  kubeProxyConfigFile,
  kubeRouterDir,
  libDir,
  manifestsDir,
  pkiDir,
  templatesDir,
} from "./paths.ts";
import { script } from "./scripts.ts";
import { staticPods } from "./static-pods.ts";
import { addressesUnit, virtualIpConfig, virtualIpDropin } from "./virtual-ip.ts";

export interface MachineConfigInput {
  readonly plan: Plan;
  readonly pool: PoolPlan;
  readonly pki: Pick<PublicPki, "generation" | "deliveryKey">;
  /** Image references by component, from the release. */
  readonly images: Readonly<Record<string, string>>;
}

export function machineConfig(input: MachineConfigInput): ConfigOf<"3.4.0"> {
  return config(
    ...[
      operatingSystem(),
      remoteAccess(input),
      node(input),
      network(input),
      balancer(input),
      ...(input.pool.role === "master"
        ? [controlPlane(input), virtualIp(input.plan), serviceAddresses(input.plan)]
        : []),
      { files: input.pool.files.map((own) => text(own.path, own.contents, own.mode)) },
    ],
  );
}

/** Whatever machine it is: static network, host name, kernel settings, containerd. */
export function operatingSystem(): Part {
  return {
    files: [
      executable(`${libDir}/firstboot`, script("firstboot")),
      // Static from the first boot on: a machine comes back without DHCP and without the boot service.
      template(
        "/etc/systemd/network/10-landfall.network",
        `[Match]
MACAddress=@MAC@
Kind=!bridge

[Network]
Address=@ADDRESS@/@PREFIX@
Gateway=@GATEWAY@
LinkLocalAddressing=no
IPv6AcceptRA=no
`,
      ),
      // The pod network's routes and keepalived's address are not networkd's to clean away.
      text(
        "/etc/systemd/networkd.conf.d/10-landfall.conf",
        "[Network]\nManageForeignRoutes=no\nManageForeignRoutingPolicyRules=no\n",
      ),
      template("/etc/hostname", "@NAME@\n"),
      template("/etc/hosts", "127.0.0.1 localhost\n::1 localhost\n@ADDRESS@ @NAME@\n"),
      // A connection that a dead machine never answered is forgotten after 5 s (Linux: 120 s). Until then the same client and
      // port are sent to the pod that is no more, although the Service has others.
      text(
        "/etc/sysctl.d/90-kubernetes.conf",
        `net.ipv4.ip_forward = 1
net.ipv6.conf.all.forwarding = 1
-net.bridge.bridge-nf-call-iptables = 1
-net.bridge.bridge-nf-call-ip6tables = 1
-net.netfilter.nf_conntrack_tcp_timeout_syn_sent = 5
-fs.inotify.max_user_instances = 8192
`,
      ),
      text("/etc/modules-load.d/kubernetes.conf", "br_netfilter\noverlay\nnf_conntrack\nip_set\n"),
    ],
    units: [
      { name: "systemd-networkd.service", enabled: true },
      // Addresses are static: nothing here has to wait until the network says that it is online.
      unit({ name: "systemd-networkd-wait-online.service", mask: true }),
      // A container (the lab) has its host's modules.
      unit({
        name: "systemd-modules-load.service",
        dropins: { "10-container.conf": "[Unit]\nConditionVirtualization=!container\n" },
      }),
      { name: "containerd.service", enabled: true },
    ],
  };
}

function remoteAccess({ plan, pki }: MachineConfigInput): Part {
  // The deployer's key can do nothing but talk to the receiver; people's keys, where given, may log in.
  const keys = [`restrict,command="${libDir}/receive" ${pki.deliveryKey}`, ...plan.authorizedKeys];
  return {
    files: [
      executable(`${libDir}/receive`, receiveScript()),
      text("/etc/ssh/authorized_keys.d/root", `${keys.join("\n")}\n`),
      text(
        "/etc/ssh/sshd_config.d/10-landfall.conf",
        `HostKey /etc/ssh/ssh_host_ed25519_key
AuthorizedKeysFile /etc/ssh/authorized_keys.d/%u
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
UseDNS no
`,
      ),
    ],
    units: [{ name: "ssh.service", enabled: true }],
  };
}

function node({ plan, pool }: MachineConfigInput): Part {
  return {
    files: [
      yaml("/etc/kubernetes/kubelet.yaml", kubeletConfig(plan, pool)),
      yaml("/etc/kubernetes/kubelet.kubeconfig", clientOf("kubelet")),
      executable(`${libDir}/stages`, script("stages")),
    ],
    units: [
      unit({ name: "kubelet.service", enabled: true, contents: kubeletUnit }),
      unit({ name: "landfall-stages.service", contents: stagesUnit }),
    ],
  };
}

function network({ plan, images }: MachineConfigInput): Part {
  return {
    files: [
      ...manifests(nodeAgents(plan, images)),
      yaml(kubeProxyConfigFile, kubeProxyConfig(plan)),
      yaml("/etc/kubernetes/kube-proxy.kubeconfig", clientOf("kube-proxy")),
      text(`${kubeRouterDir}/cni.conflist`, cniConfig),
      text(`${kubeRouterDir}/start`, startScript),
      yaml("/etc/kubernetes/kube-router.kubeconfig", clientOf("kube-router")),
    ],
  };
}

function balancer({ plan, pool }: MachineConfigInput): Part {
  return {
    files: [text("/etc/haproxy/haproxy.cfg", balancerConfig(plan, pool.role))],
    units: [
      unit({ name: "haproxy.service", enabled: true, dropins: { "10-landfall.conf": balancerDropin } }),
    ],
  };
}

function controlPlane({ plan, pki, images }: MachineConfigInput): Part {
  return {
    files: [
      ...manifests(staticPods({ plan, generation: pki.generation, images })),
      yaml("/etc/kubernetes/authentication.yaml", authenticationConfig),
      yaml("/etc/kubernetes/audit-policy.yaml", auditPolicy),
      yaml("/etc/kubernetes/controller-manager.kubeconfig", clientOf("controller-manager")),
      yaml("/etc/kubernetes/scheduler.kubeconfig", clientOf("scheduler")),
      executable(`${libDir}/first-objects`, script("first-objects")),
    ],
    units: [unit({ name: "landfall-first-objects.service", contents: firstObjectsUnit })],
  };
}

function virtualIp(plan: Plan): Part {
  return {
    files: [
      template("/etc/keepalived/landfall.conf", virtualIpConfig(plan)),
      executable(`${libDir}/apiserver-ready`, script("apiserver-ready")),
      executable(`${libDir}/keepalived-config`, script("keepalived-config")),
    ],
    units: [
      unit({ name: "keepalived.service", enabled: true, dropins: { "10-landfall.conf": virtualIpDropin } }),
    ],
  };
}

/** Addresses of Services, which masters hold beside the API's. */
function serviceAddresses({ network: { addresses = [] } }: Plan): Part {
  if (addresses.length === 0) return {};
  const lines = addresses.map(({ address, namespace, name }) => `${address} ${namespace} ${name}\n`);
  return {
    files: [
      text("/etc/landfall/addresses", lines.join("")),
      executable(`${libDir}/addresses`, script("addresses")),
    ],
    units: [unit({ name: "landfall-addresses.service", enabled: true, contents: addressesUnit })],
  };
}

/** Static pods: the kubelet runs what is in its folder. */
function manifests(pods: Readonly<Record<string, object>>): readonly File[] {
  return Object.entries(pods).map(([name, pod]) =>
    template(`${manifestsDir}/${name}`, stringify(pod, { lineWidth: 0 })),
  );
}

/** A kubeconfig for a certificate of this machine, through its own balancer. */
function clientOf(certificate: string): object {
  return kubeconfig({
    server: balancerUrl,
    authority: `${pkiDir}/ca.crt`,
    certificate: `${pkiDir}/${certificate}.crt`,
    key: `${pkiDir}/${certificate}.key`,
  });
}

function text(path: string, contents: string, mode = 0o644): File {
  return file({ path, contents, mode, overwrite: true });
}

function yaml(path: string, value: object): File {
  return text(path, stringify(value, { lineWidth: 0 }));
}

function executable(path: string, contents: string): File {
  return text(path, contents, 0o755);
}

/** Rendered to `path` by firstboot, with the machine's own values in it. */
function template(path: string, contents: string): File {
  return text(`${templatesDir}${path}`, contents);
}
