// A cluster to test stacks with: what the modules before would have rendered, small and made up.
import { testMachine, testPlan } from "../modules/plan/testing.ts";
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
  const { boot } = testPlan({ machines });
  const plan = testPlan({
    cluster: "t-v1",
    name: "t",
    boot: { ...boot, rpc },
    state,
    pools: [pool("masters", "master"), pool("workers", "worker")],
    machines,
  });
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
  return testMachine({
    name,
    role: pool === "masters" ? "master" : "worker",
    mac: `52:54:00:AB:${hex.slice(0, 2)}:${hex.slice(2)}`,
    address: `192.0.2.${20 + (number % 200)}`,
  });
}

function file(path: string, text: string) {
  return { path, mode: 420, contents: { source: `data:,${encodeURIComponent(text)}` } };
}
