// Machines and reports as a landing shows them: for tests, and for the picture in the README.

import type { MachineRecord, Order, Stage } from "../machine/types.ts";
import type { ClusterReport } from "./conditions.ts";
import type { ReplacementReport } from "./replacement.ts";

export interface ExampleMachine {
  readonly name: string;
  readonly number: number;
  readonly rack?: string;
  readonly position?: string;
  readonly role?: "master" | "worker";
  readonly cluster?: string;
}

/** Moments before `now`, in seconds. */
export function ago(now: Date, seconds: number): string {
  return new Date(now.getTime() - seconds * 1000).toISOString();
}

export function exampleMachine(machine: ExampleMachine, more: Partial<MachineRecord> = {}): MachineRecord {
  const { name, number, rack, position, role = "worker" } = machine;
  const hex = number.toString(16).padStart(6, "0").match(/../g)?.join(":");
  return {
    mac: `52:54:00:${hex}`,
    name,
    site: "lab",
    ...(rack !== undefined && { rack }),
    ...(position !== undefined && { position }),
    role,
    pool: role === "master" ? "masters" : "workers",
    address: `10.77.${number >> 8}.${number & 255}`,
    stages: [],
    console: [],
    ...more,
  };
}

export function exampleOrder(now: Date, madeAgo: number, more: Partial<Order> = {}): Order {
  return {
    id: "a".repeat(32),
    kind: "install",
    state: "armed",
    cluster: "lab-v1",
    generation: "0123456789abcdef",
    made: ago(now, madeAgo),
    expires: ago(now, madeAgo - 7200),
    boots: 0,
    ...more,
  };
}

/** Stages that were reached so many seconds ago, each. */
export function reached(now: Date, stages: Partial<Record<Stage, number>>): MachineRecord["stages"] {
  return Object.entries(stages).map(([stage, seconds]) => ({ stage: stage as Stage, at: ago(now, seconds) }));
}

/** A rack in the middle of a landing: some ready, some on their way, one that nobody plugged in, one refused. */
export function exampleFleet(now: Date): { machines: MachineRecord[]; conditions: ClusterReport[] } {
  const place = (name: string, number: number, rack: string, unit: number, role?: "master") =>
    ({ name, number, rack, position: `U${unit}`, ...(role && { role }) }) as const;
  const taken = (secondsAgo: number, more: Partial<Order> = {}) =>
    exampleOrder(now, secondsAgo + 95, { state: "running", taken: ago(now, secondsAgo), boots: 1, ...more });
  const done = (secondsAgo: number) =>
    taken(secondsAgo + 140, { state: "done", ended: ago(now, secondsAgo) });
  const inService = (secondsAgo: number) => ({
    order: done(secondsAgo),
    installed: { cluster: "lab-v1", generation: "0123456789abcdef", since: ago(now, secondsAgo) },
  });
  const written = { ipxe: 380, boot: 372, install: 366, ignition: 262, installed: 240, system: 221 };
  const console = [
    "landfall: stage install",
    "landfall: disk /dev/sda, 480 GB, no marker: it is taken",
    "landfall: root.squashfs 181 MB, checking its SHA-256",
  ];
  return {
    machines: [
      exampleMachine(place("m1", 0x11, "A1", 40, "master"), {
        ...inService(240),
        stages: reached(now, { ...written, kubelet: 204, etcd: 190, api: 171, ready: 150 }),
        console: ["landfall: stage etcd", "landfall: stage api", "landfall: stage ready"],
        heard: ago(now, 150),
      }),
      exampleMachine(place("m2", 0x12, "A1", 38, "master"), {
        ...inService(240),
        stages: reached(now, { ...written, kubelet: 203, etcd: 188, api: 166 }),
        console: ["landfall: stage etcd", "landfall: stage api"],
        heard: ago(now, 166),
      }),
      exampleMachine(place("m3", 0x13, "A2", 40, "master"), {
        ...inService(240),
        stages: reached(now, { ...written, kubelet: 205, etcd: 187, api: 169, ready: 149 }),
        console: ["landfall: stage ready"],
        heard: ago(now, 149),
      }),
      exampleMachine(place("w1", 0x21, "A1", 36), {
        order: taken(95),
        stages: reached(now, { ipxe: 95, boot: 84, install: 78 }),
        percent: 40,
        console,
        heard: ago(now, 2),
      }),
      exampleMachine(place("w2", 0x22, "A1", 34), {
        order: exampleOrder(now, 725),
        stages: reached(now, { power: 720 }),
      }),
      exampleMachine(place("w3", 0x23, "A2", 38), {
        order: taken(66, {
          state: "failed",
          ended: ago(now, 35),
          reason: "the disk belongs to cluster 'prod-v1', not to 'lab-v1': nothing was changed",
        }),
        stages: reached(now, { ipxe: 66, boot: 55 }),
        console: [
          "landfall: stage boot",
          "landfall: failed: the disk belongs to cluster 'prod-v1', not to 'lab-v1': nothing was changed",
        ],
        heard: ago(now, 35),
      }),
      exampleMachine(place("w4", 0x24, "A2", 36), {
        order: taken(101),
        stages: reached(now, { ipxe: 101, boot: 90, install: 84, ignition: 9 }),
        console: ["landfall: stage ignition"],
        heard: ago(now, 4),
      }),
      exampleMachine(place("w5", 0x25, "A2", 34), {
        order: exampleOrder(now, 40),
        stages: reached(now, { power: 38 }),
      }),
      exampleMachine({ name: "spare1", number: 0x31 }),
    ],
    conditions: [
      {
        cluster: "lab-v1",
        checked: ago(now, 4),
        conditions: [
          condition("etcd-quorum", true, "3 of 3 members answer, the leader is m1"),
          condition("apiservers", true, "m1, m2, m3 answer by themselves"),
          condition("nodes-ready", false, "2 of 8: m2, w1, w2, w3, w4, w5 are not Ready"),
          condition("dns", true, "kubernetes.default answered from m1, m3"),
          condition("certificates", true, "the first one ends in 364 days"),
        ],
      },
    ],
  };
}

function condition(name: string, ok: boolean, evidence: string): ClusterReport["conditions"][number] {
  const describe: Record<string, string> = { "nodes-ready": "Every machine of the plan is a Ready node." };
  return { name, ok, describe: describe[name] ?? "", evidence };
}

/** prod-v1 is being replaced by prod-v2, in the middle of the canary. */
export function exampleReplacement(now: Date, more: Partial<ReplacementReport> = {}): ReplacementReport {
  const done = (title: string, from: number, to: number, seconds: number) =>
    ({
      title,
      state: "done",
      begun: ago(now, from),
      ended: ago(now, to),
      seconds,
      reversible: true,
    }) as const;
  return {
    name: "prod",
    blue: "prod-v1",
    green: "prod-v2",
    started: ago(now, 600),
    reported: ago(now, 5),
    direction: "forward",
    running: true,
    share: 10,
    steps: [
      done("prod-v2 lands on m4, m5, m6", 600, 480, 90),
      done("prod-v2 stays healthy for a minute", 480, 420, 60),
      done("workloads are copied", 420, 400, 20),
      { title: "10% of the traffic", state: "running", begun: ago(now, 400), seconds: 300, reversible: true },
      { title: "all of the traffic", state: "pending", seconds: 10, reversible: true },
      { title: "hold", state: "pending", seconds: 600, reversible: true },
      { title: "prod-v1 is archived", state: "pending", seconds: 10, reversible: false },
      { title: "prod-v1 is retired", state: "pending", seconds: 60, reversible: false },
    ],
    ...more,
  };
}
