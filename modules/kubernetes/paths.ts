// Where things are on a machine and which local ports they use; the same on every machine of every cluster.

export const pkiDir = "/etc/kubernetes/pki";
export const manifestsDir = "/etc/kubernetes/manifests";
/** Templates of what differs per machine; rendered over / at first boot (scripts/firstboot.sh). */
export const templatesDir = "/etc/landfall/templates";
/** KEY=value lines from the boot service's /metadata: all that a machine knows of itself. */
export const metadataFile = "/etc/landfall/metadata";
/** The release's kubernetes.squashfs, mounted read-only. */
export const releaseDir = "/usr/lib/landfall/release";
/** kube-proxy's configuration, and the folder of kube-router's. */
export const kubeProxyConfigFile = "/etc/kubernetes/kube-proxy.yaml";
export const kubeRouterDir = "/etc/kubernetes/kube-router";
/** What keepalived is told of addresses of Services. */
export const addressesDir = "/run/landfall-addresses";
export const libDir = "/usr/lib/landfall";

/** An apiserver listens here on every master, whatever port people use at the endpoint. */
export const apiServerPort = 6443;
/** etcd on every master: its HTTP API (/health, snapshots), to clients with a certificate. 2379 is for gRPC alone. */
export const etcdHttpPort = 2382;
/** The balancer of every node, on 127.0.0.1: no node depends on one master. */
export const balancerPort = 7443;
/** On masters, on 127.0.0.1: whether their own apiserver is ready, by plain HTTP. */
export const ownReadyPort = 7442;

export const balancerUrl = `https://127.0.0.1:${balancerPort}`;
