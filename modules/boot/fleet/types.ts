// What people are shown. Times stand in it as moments, so that it changes only when something happens.
import type { OrderKind, OrderState, Stage } from "../machine/types.ts";

/**
 * `good`: as it should be. `busy`: on its way, nothing to do. `look`: worth a look, no harm yet. `act`: somebody has to
 * do something. `idle`: no cluster claims it. People see green, green, amber, red and grey, each with a word and a sign.
 */
export const signals = ["good", "busy", "look", "act", "idle"] as const;
export type Signal = (typeof signals)[number];

export interface MachineView {
  /** Lower case, joined with ':'. */
  readonly mac: string;
  readonly name: string;
  readonly site: string;
  readonly rack?: string;
  readonly position?: string;
  readonly role?: "master" | "worker";
  readonly pool?: string;
  readonly address?: string;
  /** The cluster whose order it has, or whose landing is on its disk. */
  readonly cluster?: string;
  readonly signal: Signal;
  /** In a word or two: `ready`, `installing`, `not heard of`. */
  readonly state: string;
  /** Last stage that it reached in the landing that its order began. */
  readonly stage?: Stage;
  /** When `state` began. ISO 8601. */
  readonly since?: string;
  /** 0-100, of the stage that is under way. */
  readonly percent?: number;
  /** What it waits for, as the rest of "waits for ...". Nothing once it is ready, or idle. */
  readonly waitsFor?: string;
  /** Its soft time-out has passed: by whom it is flagged. */
  readonly flagged?: "install" | "reboot" | "join";
  /** One sentence: what the person in front of it does next. */
  readonly next: string;
  /** Without its id. */
  readonly order?: {
    readonly kind: OrderKind;
    readonly state: OrderState;
    readonly cluster: string;
    readonly made: string;
    readonly expires: string;
    readonly boots: number;
    readonly reason?: string;
  };
  readonly stages: readonly { readonly stage: Stage; readonly at: string }[];
  readonly console: readonly string[];
  readonly heard?: string;
}

export interface RackView {
  readonly site: string;
  /** Absent: the machines of the site that nobody gave a rack. */
  readonly rack?: string;
  readonly signal: Signal;
  /** By position, then by name; numbers count as numbers. */
  readonly machines: readonly MachineView[];
}

export interface ClusterView {
  readonly cluster: string;
  readonly signal: Signal;
  /** One sentence. */
  readonly summary: string;
  /** When its conditions were checked. ISO 8601. */
  readonly checked?: string;
  readonly conditions: readonly {
    readonly name: string;
    readonly ok: boolean;
    /** What holds when it holds. */
    readonly describe: string;
    readonly evidence: string;
  }[];
}

/** One version of a cluster takes the place of another. */
export interface ReplacementView {
  /** Of the cluster, without a version. */
  readonly name: string;
  readonly blue: string;
  readonly green: string;
  readonly signal: Signal;
  /** In a word or two: `under way`, `failed`, `interrupted`, `going back`, `replaced`, `taken back`. */
  readonly state: string;
  /** One sentence: what to do next. */
  readonly next: string;
  /** The same without what changes all the time. */
  readonly announcement: string;
  readonly direction: "forward" | "back";
  /** Percent of the traffic that goes to green. */
  readonly share: number;
  readonly pointOfNoReturn: "ahead" | "passed";
  /** One sentence: until when it can be aborted. */
  readonly returnText: string;
  /** ISO 8601. */
  readonly started: string;
  readonly ended?: string;
  readonly steps: readonly {
    readonly title: string;
    /** `stopped`: nobody is at it. `skipped`: it will not come any more, because all is taken back. */
    readonly state: "pending" | "running" | "stopped" | "done" | "failed" | "undoing" | "undone" | "skipped";
    /** Where it is now, or goes on. */
    readonly current?: true;
    /** ISO 8601. */
    readonly begun?: string;
    readonly ended?: string;
    readonly error?: string;
    /** How long it was said to take. */
    readonly seconds: number;
    readonly reversible: boolean;
  }[];
}

export interface FleetView {
  readonly signal: Signal;
  /** One sentence for the whole site: what to do next, or that there is nothing to do. */
  readonly next: string;
  /** The same without what changes all the time (percent, minutes): said aloud by screen readers when it changes. */
  readonly announcement: string;
  readonly counts: Readonly<Record<Signal, number>>;
  readonly clusters: readonly ClusterView[];
  /** That are under way, or ended within a day. */
  readonly replacements: readonly ReplacementView[];
  readonly racks: readonly RackView[];
}
