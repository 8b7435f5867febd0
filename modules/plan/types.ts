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
  /** HTTP CONNECT proxy through which machines are reached, or undefined for directly. */
  readonly proxy: string | undefined;
  /** The masters' pool first, then worker pools in the order of the file. */
  readonly pools: readonly PoolPlan[];
  /** In the order of the pools; addressed by name, never by position. */
  readonly machines: readonly MachinePlan[];
  readonly certificates: readonly CertificateRequest[];
  /** Seconds. */
  readonly timeouts: { readonly boot: number; readonly ready: number };
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
}

export interface BootPlan {
  readonly service: "landfall" | "matchbox";
  readonly http: string;
  readonly rpc: string;
  /** URL of the page on which people see machines boot. */
  readonly page: string | undefined;
  /** Absolute paths of PEM files. */
  readonly tls: { readonly ca: string; readonly cert: string; readonly key: string };
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

export interface BmcPlan {
  readonly driver: "redfish";
  readonly url: string;
  readonly credentials:
    | {
        readonly file?: string | undefined;
        readonly env?: string | undefined;
        readonly command?: readonly string[] | undefined;
      }
    | undefined;
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
