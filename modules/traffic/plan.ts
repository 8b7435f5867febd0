// What `replacement.traffic` says, with all defaults and placeholders filled in. Pure.
import type { CommandPlan } from "../plan/index.ts";
import { type TrafficSpec, trafficDefaults } from "../spec/index.ts";

export type TrafficPlan = CommandTrafficPlan;

interface Common {
  /** NAME-VERSION. */
  readonly from: string;
  readonly to: string;
  readonly ready: Sides | undefined;
  readonly timeoutSeconds: number;
  readonly drainSeconds: number;
  readonly drainStart: Sides | undefined;
  readonly drainStop: Sides | undefined;
}

/** The same command for each of the clusters. */
interface Sides {
  readonly from: CommandPlan;
  readonly to: CommandPlan;
}

export interface CommandTrafficPlan extends Common {
  readonly driver: "command";
  readonly show: CommandPlan;
  /** {share} is still in it. */
  readonly shift: CommandPlan;
  readonly shares: "any" | "all-or-nothing";
}

export interface TrafficPlanInput {
  readonly traffic: TrafficSpec;
  /** Blue and green, as NAME-VERSION. */
  readonly from: string;
  readonly to: string;
  /** Absolute path of the project's folder, where commands run. */
  readonly folder: string;
}

export function planTraffic({ traffic, from, to, folder }: TrafficPlanInput): TrafficPlan {
  const command = (argv: readonly string[], values: Readonly<Record<string, string>>): CommandPlan => ({
    argv: argv.map((word) => fill(word, values)),
    folder,
  });
  const sides = (argv: readonly string[] | undefined) =>
    argv && { from: command(argv, { cluster: from }), to: command(argv, { cluster: to }) };
  const common: Common = {
    from,
    to,
    ready: sides(traffic.ready),
    timeoutSeconds: traffic.timeout ?? trafficDefaults.timeout,
    drainSeconds: traffic.drain?.seconds ?? trafficDefaults.drain,
    drainStart: sides(traffic.drain?.start),
    drainStop: sides(traffic.drain?.stop),
  };
  return {
    ...common,
    driver: traffic.driver,
    show: command(traffic.show, { from, to }),
    shift: command(traffic.shift, { from, to }),
    shares: traffic.shares ?? trafficDefaults.shares,
  };
}

/** What stands in braces and has no value here stays; modules/spec has refused what never has one. */
export function fill(word: string, values: Readonly<Record<string, string>>): string {
  return word.replaceAll(/\{([a-z]+)\}/g, (shown, name: string) => values[name] ?? shown);
}
