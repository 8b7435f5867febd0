// Every source that a release is made of, with its exact version. Nothing else in this module names one.

/** Kubernetes releases that can be built. */
export const knownReleases: readonly string[] = ["1.34.1", "1.35.1"];

const sameTestImageTags = {
  busybox: "1.37.0-1",
  "jessie-dnsutils": "1.7",
  kitten: "1.7",
  nautilus: "1.7",
  nonewprivs: "1.3",
  pause: "3.10.1",
  "sample-apiserver": "1.29.2",
};

/** Tags that a release's own e2e tests ask for (test/utils/image/manifest.go of its module). */
export const testImageTags: Readonly<
  Record<string, Readonly<Record<keyof typeof sameTestImageTags | "agnhost" | "etcd", string>>>
> = {
  "1.34.1": { ...sameTestImageTags, agnhost: "2.56", etcd: "3.6.4-0" },
  "1.35.1": { ...sameTestImageTags, agnhost: "2.59", etcd: "3.6.6-0" },
};

/** A Go module and what is built from it. Dependencies are those that its own go.mod selects. */
export interface GoModule {
  readonly module: string;
  readonly version: string;
  /** Main packages; a binary is named after the last element of its package that is no version. */
  readonly packages: readonly string[];
  /** The `go` line of the go.mod that is made for it. */
  readonly go: string;
  /** Further lines of that go.mod. */
  readonly extra?: readonly string[];
  /** String variables set by the linker, as `path.name=value`. */
  readonly variables?: readonly string[];
  /** Changes to the source as it was published. */
  readonly patches?: readonly GoPatch[];
}

/** A change to a file of a module, its own or of one that it is built from. The build fails where it does not fit. */
export interface GoPatch {
  readonly why: string;
  readonly module: string;
  readonly file: string;
  /** Text that is there once. */
  readonly find: string;
  readonly replace: string;
}

export const goModules = {
  etcd: {
    module: "go.etcd.io/etcd/server/v3",
    version: "v3.6.5",
    packages: ["go.etcd.io/etcd/server/v3"],
    go: "1.24",
  },
  etcdctl: {
    module: "go.etcd.io/etcd/server/v3",
    version: "v3.6.5",
    packages: ["go.etcd.io/etcd/etcdctl/v3"],
    go: "1.24",
    extra: ["require go.etcd.io/etcd/etcdctl/v3 v3.6.5", "require go.etcd.io/etcd/etcdutl/v3 v3.6.5"],
  },
  etcdutl: {
    module: "go.etcd.io/etcd/etcdutl/v3",
    version: "v3.6.5",
    packages: ["go.etcd.io/etcd/etcdutl/v3"],
    go: "1.24",
  },
  containerd: {
    module: "github.com/containerd/containerd/v2",
    version: "v2.1.4",
    packages: [
      "github.com/containerd/containerd/v2/cmd/containerd",
      "github.com/containerd/containerd/v2/cmd/ctr",
      "github.com/containerd/containerd/v2/cmd/containerd-shim-runc-v2",
    ],
    go: "1.24",
  },
  cni: {
    module: "github.com/containernetworking/plugins",
    version: "v1.8.0",
    packages: ["github.com/containernetworking/plugins/plugins/..."],
    go: "1.24",
  },
  coredns: {
    module: "github.com/coredns/coredns",
    version: "v1.12.4",
    packages: ["github.com/coredns/coredns"],
    go: "1.24",
  },
  "kube-router": {
    module: "github.com/cloudnativelabs/kube-router/v2",
    version: "v2.2.1",
    packages: ["github.com/cloudnativelabs/kube-router/v2/cmd/kube-router"],
    go: "1.24",
    // The release is in this fork's tag; upstream's own is not served as a module.
    extra: [
      "replace github.com/cloudnativelabs/kube-router/v2 v2.2.1 => github.com/k3s-io/kube-router/v2 v2.2.1",
      // Earlier ones wait 5 to 10 s before they call a peer for the first time.
      "require github.com/osrg/gobgp/v3 v3.37.0",
    ],
    patches: [
      {
        why:
          "Two nodes that start together call each other at the same moment, close each other's call, and rest for 5 s; " +
          "a node that was not up for the first call is called again after 120 s. Of two, one calls, every second or two. " +
          "And --bgp-holdtime counts between nodes too, not only with routers.",
        module: "github.com/cloudnativelabs/kube-router/v2",
        file: "pkg/controllers/routing/bgp_peers.go",
        find: `				LocalAddress: nrc.primaryIP.String(),
				RemotePort:   nrc.bgpPort,
			},
`,
        replace: `				LocalAddress: nrc.primaryIP.String(),
				RemotePort:   nrc.bgpPort,
				PassiveMode:  nrc.primaryIP.String() > nodeIP.String(),
			},
			Timers: &gobgpapi.Timers{Config: &gobgpapi.TimersConfig{ConnectRetry: 1, HoldTime: uint64(nrc.bgpHoldtime)}},
`,
      },
      {
        why:
          "Peers are called before there are policies, and without policies each is told everything: a router that answered at " +
          "once kept the ranges of pods. They come before anything that could be told.",
        module: "github.com/cloudnativelabs/kube-router/v2",
        file: "pkg/controllers/routing/network_routes_controller.go",
        find: `		// advertise or withdraw IPs for the services to be reachable via host
`,
        replace: `		if err := nrc.AddPolicies(); err != nil {
			klog.Errorf("Error adding BGP policies: %s", err.Error())
		}
		// advertise or withdraw IPs for the services to be reachable via host
`,
      },
      {
        why:
          "Each pod and namespace that comes, goes or changes means some twenty runs of iptables on every node: two seconds " +
          "of CPU while a cluster lands, and a fifth of a busy one's. While there is no NetworkPolicy they change nothing; " +
          "the first policy's own event brings all up to date.",
        module: "github.com/cloudnativelabs/kube-router/v2",
        file: "pkg/controllers/netpol/network_policy_controller.go",
        find: `	npc.PodEventHandler = npc.newPodEventHandler()

	npc.nsLister = nsInformer.GetIndexer()
	npc.NamespaceEventHandler = npc.newNamespaceEventHandler()
`,
        replace: `	whilePolicies := func(handler cache.ResourceEventHandler) cache.ResourceEventHandler {
		return cache.FilteringResourceEventHandler{
			FilterFunc: func(interface{}) bool { return len(npc.npLister.List()) > 0 },
			Handler:    handler,
		}
	}
	npc.PodEventHandler = whilePolicies(npc.newPodEventHandler())

	npc.nsLister = nsInformer.GetIndexer()
	npc.NamespaceEventHandler = whilePolicies(npc.newNamespaceEventHandler())
`,
      },
      {
        why: "A call that came before the other side knew of its caller is made again after 1 s, not 5.",
        module: "github.com/osrg/gobgp/v3",
        file: "pkg/server/fsm.go",
        find: "	holdtimeIdle     = 5\n",
        replace: "	holdtimeIdle     = 1\n",
      },
      {
        why: "The first call is made at once, as RFC 4271 has it; the interval is for those that follow.",
        module: "github.com/osrg/gobgp/v3",
        file: "pkg/server/fsm.go",
        find: `	tick := minConnectRetryInterval
	for {
		r := rand.New(rand.NewSource(time.Now().UnixNano()))
		timer := time.NewTimer(time.Duration(r.Intn(tick*1000)+tick*1000) * time.Millisecond)
`,
        replace: `	tick := 0
	for {
		r := rand.New(rand.NewSource(time.Now().UnixNano()))
		timer := time.NewTimer(time.Duration(r.Intn(tick*1000+50)+tick*1000) * time.Millisecond)
`,
      },
    ],
  },
  matchbox: {
    module: "github.com/poseidon/matchbox",
    version: "v0.11.0",
    packages: ["github.com/poseidon/matchbox/cmd/matchbox", "github.com/poseidon/matchbox/cmd/bootcmd"],
    go: "1.24",
  },
  // Debian's own is 2.14: it refuses configs of 3.4.0, and Matchbox writes every config as 3.4.0.
  ignition: {
    module: "github.com/coreos/ignition/v2",
    version: "v2.21.0",
    packages: ["github.com/coreos/ignition/v2/internal"],
    go: "1.24",
    variables: [
      "github.com/coreos/ignition/v2/internal/version.Raw=2.21.0",
      "github.com/coreos/ignition/v2/internal/distro.selinuxRelabel=false",
    ],
  },
  "ignition-validate": {
    module: "github.com/coreos/ignition/v2",
    version: "v2.21.0",
    packages: ["github.com/coreos/ignition/v2/validate"],
    go: "1.24",
  },
  "terraform-provider-matchbox": {
    module: "github.com/poseidon/terraform-provider-matchbox",
    version: "v0.5.4",
    packages: ["github.com/poseidon/terraform-provider-matchbox"],
    go: "1.24",
  },
  "terraform-provider-null": {
    module: "github.com/terraform-providers/terraform-provider-null",
    // The source of 2.1.2; its later releases are not served as Go modules.
    version: "v1.0.1-0.20190430203517-8d3d85a60e20",
    packages: ["github.com/terraform-providers/terraform-provider-null"],
    go: "1.24",
  },
} as const satisfies Record<string, GoModule>;

/** Providers of the Terraform mirror: the version under which a built module is offered. */
export const terraformProviders = [
  {
    source: "registry.terraform.io/poseidon/matchbox",
    tool: "terraform-provider-matchbox",
    version: "0.5.4",
  },
  { source: "registry.terraform.io/hashicorp/null", tool: "terraform-provider-null", version: "2.1.2" },
] as const;

export const debian = {
  suite: "bookworm",
  packages: [
    // the system
    [
      "systemd",
      "systemd-sysv",
      "dbus",
      "udev",
      "kmod",
      "procps",
      "passwd",
      "util-linux",
      "mount",
      "ca-certificates",
    ],
    // linux-image-cloud drives virtio and NVMe; hardware with other controllers wants linux-image-amd64
    ["linux-image-cloud-amd64", "openssh-server", "curl", "jq", "fuse3", "iputils-ping"],
    // containers and their network; runc, since Debian's crun (1.8.1) refuses the specs that containerd 2.1 writes
    ["runc", "iproute2", "iptables", "nftables", "ipset", "conntrack", "ethtool", "ebtables", "socat"],
    // the API's balancer and virtual address
    ["haproxy", "keepalived"],
    // the initrd
    ["busybox-static", "gdisk", "fdisk", "e2fsprogs", "dosfstools"],
    // what Ignition is linked with; in the tree only, not in the root
    ["libblkid-dev", "libc6-dev"],
  ].flat(),
  /** What test images take from Debian; in no release. */
  testPackages: ["busybox-static", "bind9-dnsutils", "curl", "iproute2", "netcat-openbsd"],
} as const;

/** Kernel modules of the initrd with all that they depend on; those that a kernel has not are left out. */
export const initrdModules: readonly string[] = [
  ["loop", "squashfs", "overlay", "ext4", "vfat", "nls_ascii", "nls_cp437", "af_packet"],
  [
    "virtio_pci",
    "virtio_net",
    "virtio_blk",
    "virtio_scsi",
    "virtio_rng",
    "nvme",
    "ahci",
    "sd_mod",
    "sr_mod",
    "uas",
  ],
  [
    "ena",
    "e1000",
    "e1000e",
    "igb",
    "igc",
    "ixgbe",
    "i40e",
    "ice",
    "r8169",
    "tg3",
    "bnxt_en",
    "mlx5_core",
    "vmxnet3",
  ],
  ["megaraid_sas", "mpt3sas", "smartpqi", "hpsa"],
].flat();

/** Time stamp of everything in an image. Images are told apart by hash, not by date. */
export const sourceDate = 1_750_000_000;
