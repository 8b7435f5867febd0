// A cluster to test stacks with: what the modules before would have rendered, small and made up.
import type { MachinePlan, Plan } from "../modules/plan/types.ts";
import type { ClusterStackProps, StackPaths } from "./cluster-stack.ts";

/** All that means something to Terraform, to iPXE or to a shell, in one argument and one file. */
export const tricky = 'mac=${mac:hexhyp} $${x} %{if} %%{y} $$ %% ${self} "quoted" \\ é';

export const paths: StackPaths = {
  root: "../../..",
  state: "../../../.landfall/terraform/t-v1.tfstate",
  tls: { ca: "../../../tls/ca.crt", cert: "../../../tls/client.crt", key: "../../../tls/client.key" },
};

export interface TestCluster {
  /** Names; default: w1, w2, w3. */
  readonly workers?: readonly string[];
  readonly rpc?: string;
  /** Default: 1. Another number is another edit of the workers' profile. */
  readonly edit?: number;
  /** Default: local. */
  readonly state?: Plan["state"];
}

/** Two masters m1, m2 in the pool `masters`, and workers in the pool `workers`. */
export function testCluster({
  workers = ["w1", "w2", "w3"],
  rpc = "127.0.0.1:8081",
  edit = 1,
  state = "local",
}: TestCluster = {}) {
  const machines = [
    ...["m1", "m2"].map((name) => machine(name, "masters")),
    ...workers.map((name) => machine(name, "workers")),
  ];
  const pool = (name: string, role: "master" | "worker") => ({
    name,
    role,
    machines: machines.filter((each) => each.pool === name).map((each) => each.name),
    labels: {},
    taints: [],
    files: [],
    disk: undefined,
  });
  const plan: Plan = {
    cluster: "t-v1",
    name: "t",
    version: "v1",
    site: "t",
    kubernetes: "1.34.1",
    endpoint: { address: "192.0.2.10", port: 6443, names: [] },
    network: {
      pods: "10.42.0.0/16",
      services: "10.43.0.0/16",
      apiService: "10.43.0.1",
      dnsService: "10.43.0.10",
      domain: "cluster.local",
    },
    boot: {
      service: "matchbox",
      http: "http://192.0.2.1:8080",
      assetsUrl: "http://192.0.2.1:8080",
      rpc,
      page: undefined,
      tls: { ca: "/x/ca.crt", cert: "/x/client.crt", key: "/x/client.key" },
      assets: "/x/assets",
    },
    state,
    power: { atOnce: 20, stagger: 0 },
    proxy: undefined,
    pools: [pool("masters", "master"), pool("workers", "worker")],
    machines,
    certificates: [],
    timeouts: { boot: 60, ready: 60 },
    retireDisks: "keep",
    authorizedKeys: [],
  };
  const profile = (note: string) => ({
    kernel: "/assets/k/vmlinuz",
    initrd: ["/assets/i/initrd"],
    args: ["initrd=initrd", tricky],
    rawIgnition: JSON.stringify({
      ignition: { version: "3.4.0" },
      storage: { files: [file("/etc/note", note)] },
    }),
  });
  return {
    plan,
    release: "r1",
    addons: "a1",
    profiles: { masters: profile(tricky), workers: profile(`edit ${edit} ${tricky}`) },
    metadata: Object.fromEntries(
      machines.map(({ name, address }) => [name, { name, address, note: tricky }]),
    ),
    fingerprints: Object.fromEntries(machines.map(({ name }) => [name, `f-${name}`])),
    paths,
  } satisfies ClusterStackProps;
}

function machine(name: string, pool: string): MachinePlan {
  const number = [...name].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 65_536, 7);
  const hex = number.toString(16).padStart(4, "0").toUpperCase();
  return {
    name,
    pool,
    role: pool === "masters" ? "master" : "worker",
    mac: `52:54:00:AB:${hex.slice(0, 2)}:${hex.slice(2)}`,
    address: `192.0.2.${20 + (number % 200)}`,
    prefix: 24,
    gateway: undefined,
    dns: [],
    labels: {},
    bmc: { driver: "redfish", url: "http://192.0.2.1/", credentials: undefined },
  };
}

function file(path: string, text: string) {
  return { path, mode: 420, contents: { source: `data:,${encodeURIComponent(text)}` } };
}
