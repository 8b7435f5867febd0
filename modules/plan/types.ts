// What a plan says. It is a pure function of one Site and one Cluster, and everything after it reads only this.

/** `NAME-VERSION`, as lab-v1: the stack's name, the prefix of every global name, the owner on a disk's marker. */
export type ClusterId = string;

export interface Plan {
  readonly cluster: ClusterId;
  readonly name: string;
  readonly version: string;
  readonly site: string;
  /** Kubernetes release, as "1.34.1". */
  readonly kubernetes: string;
  readonly endpoint: Endpoint;
  readonly network: ClusterNetwork;
  readonly boot: BootPlan;
  /** Where Terraform's state is: a file of this project, or PostgreSQL. */
  readonly state: "local" | "pg";
  /** How fast machines of the site are switched on. */
  readonly power: PowerLimits;
  /** HTTP CONNECT proxy through which machines are reached, or undefined for directly. */
  readonly proxy: string | undefined;
  /** The masters' pool first, then worker pools in the order of the file. */
  readonly pools: readonly PoolPlan[];
  /** In the order of the pools; addressed by name, never by position. */
  readonly machines: readonly MachinePlan[];
  readonly certificates: readonly CertificateRequest[];
  /** Seconds. */
  readonly timeouts: { readonly boot: number; readonly ready: number };
  /** What becomes of a machine's disk when it leaves. */
  readonly retireDisks: "keep" | "wipe";
  readonly authorizedKeys: readonly string[];
}

export interface Endpoint {
  readonly address: string;
  readonly port: number;
  readonly names: readonly string[];
}

export interface ClusterNetwork {
  readonly pods: string;
  readonly services: string;
  /** First address of `services`: the API inside the cluster. */
  readonly apiService: string;
  /** Tenth address of `services`: CoreDNS. */
  readonly dnsService: string;
  readonly domain: string;
  /** Of Services, each held by one master of one of the clusters that name it. Undefined: none. */
  readonly addresses?: readonly ServiceAddress[];
  /** Routers of the site that learn of Services' external addresses. */
  readonly bgp?: BgpPlan;
}

export interface ServiceAddress {
  /** IPv4. */
  readonly address: string;
  readonly namespace: string;
  readonly name: string;
}

export interface BgpPlan {
  readonly asn: number;
  readonly routers: readonly { readonly address: string; readonly asn: number }[];
}

export interface BootPlan {
  readonly service: "landfall" | "matchbox";
  readonly http: string;
  readonly rpc: string;
  /** URL of the page on which people see machines boot. */
  readonly page: string | undefined;
  /** Seconds; those that the site sets. */
  readonly softTimeouts?: Partial<Record<"install" | "reboot" | "join", number>>;
  /** Absolute paths of PEM files. */
  readonly tls: { readonly ca: string; readonly cert: string; readonly key: string };
  /** Base of `/assets/...`, as machines see it. */
  readonly assetsUrl: string;
  /** Absolute path of the folder behind /assets. */
  readonly assets: string;
}

export type Role = "master" | "worker";

export interface PoolPlan {
  readonly name: string;
  readonly role: Role;
  /** Names of machines. */
  readonly machines: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly taints: readonly { readonly key: string; readonly value?: string; readonly effect: string }[];
  readonly files: readonly { readonly path: string; readonly contents: string; readonly mode: number }[];
  /** Disk that every machine of the pool installs to, or undefined for a root in memory. */
  readonly disk: string | undefined;
}

export interface MachinePlan {
  readonly name: string;
  readonly pool: string;
  readonly role: Role;
  /** Lower case, joined with ':'. */
  readonly mac: string;
  readonly address: string;
  /** Prefix length of its network. */
  readonly prefix: number;
  readonly gateway: string | undefined;
  readonly dns: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** Where people find it. */
  readonly rack?: string;
  readonly position?: string;
  readonly bmc: BmcPlan;
}

/** How a machine's power is controlled. All paths are absolute, all defaults and placeholders filled in. */
export type BmcPlan = RedfishPlan | IpmiPlan | WolPlan | ExecPlan | ManualPlan;

export interface CredentialsPlan {
  readonly file?: string | undefined;
  readonly env?: string | undefined;
  readonly command?: readonly string[] | undefined;
}

export type Firmware = "bios" | "uefi";

export interface RedfishPlan {
  readonly driver: "redfish";
  readonly url: string;
  readonly credentials: CredentialsPlan | undefined;
  /** `fingerprint` is 64 lower-case hex digits. */
  readonly tls?: { readonly ca?: string | undefined; readonly fingerprint?: string | undefined } | undefined;
  /** Undefined: whatever the BMC takes for a network boot. */
  readonly firmware?: Firmware | undefined;
}

export interface IpmiPlan {
  readonly driver: "ipmi";
  readonly host: string;
  readonly port: number;
  readonly interface: "lanplus" | "lan";
  readonly cipherSuite: number | undefined;
  readonly privilege: "administrator" | "operator";
  readonly credentials: CredentialsPlan;
  readonly firmware: Firmware | undefined;
}

/** What drivers without a controller know a machine by. */
export interface Body {
  readonly name: string;
  readonly mac: string;
  readonly address: string;
}

export interface WolPlan {
  readonly driver: "wol";
  readonly machine: Body;
  readonly broadcast: string;
  readonly port: number;
  /** Undefined: it cannot be switched off. */
  readonly off: CommandPlan | undefined;
  readonly probePort: number;
  /** Seconds. */
  readonly patience: number;
}

export interface ExecPlan {
  readonly driver: "exec";
  readonly machine: Body;
  readonly state: CommandPlan;
  readonly on: CommandPlan;
  readonly off: CommandPlan;
  readonly networkBoot: CommandPlan | undefined;
  readonly nextBoot: CommandPlan | undefined;
  readonly console: CommandPlan | undefined;
}

export interface ManualPlan {
  readonly driver: "manual";
  readonly machine: Body;
  readonly probePort: number;
  /** Seconds. */
  readonly patience: number;
}

export interface CommandPlan {
  readonly argv: readonly string[];
  /** Absolute path of the folder that it runs in. */
  readonly folder: string;
}

/** What a site's breakers bear. */
export interface PowerLimits {
  /** Machines being switched on at the same time. */
  readonly atOnce: number;
  /** Seconds after a machine is on until the next takes its turn. */
  readonly stagger: number;
}

/** Which of the three authorities signs. */
export type Authority = "kubernetes" | "etcd" | "front-proxy";

export interface CertificateRequest {
  /** Path in the store without ending, as `machines/m1/etcd-peer` or `admin`. Unique in the plan. */
  readonly id: string;
  /** Machine that it is delivered to; undefined stays with the deployer (admin). */
  readonly machine: string | undefined;
  readonly authority: Authority;
  readonly commonName: string;
  readonly organizations: readonly string[];
  readonly dnsNames: readonly string[];
  readonly addresses: readonly string[];
  readonly usages: readonly ("client" | "server")[];
  /** Absolute path on the machine without ending (.crt and .key are put there), or undefined if not delivered. */
  readonly target: string | undefined;
}
