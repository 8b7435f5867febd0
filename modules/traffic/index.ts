// People's traffic: which share goes to which version of a cluster, and how that is changed.
import type { CommandPlan } from "../plan/index.ts";
import { LandfallError } from "../spec/error.ts";
import { address } from "./address.ts";
import { bgp } from "./bgp.ts";
import { command, runPlanned } from "./command.ts";
import { dns } from "./dns.ts";
import { requireShare } from "./shares.ts";
import type { Steering, Traffic, TrafficOptions } from "./types.ts";
import { until } from "./until.ts";

export { type CutoverOptions, type CutoverReport, cutover } from "./cutover.ts";
export { planTraffic, type TrafficPlan } from "./plan.ts";
export { requireShare } from "./shares.ts";
export type { Side, Steering, Traffic, TrafficDeps, TrafficOptions, TrafficState } from "./types.ts";

export { connect, resolveAt } from "./world.ts";

/** The traffic that `plan` describes. Touches nothing before the first call of a method. */
export function openTraffic(options: TrafficOptions): Traffic {
  const { plan, deps, signal } = options;
  const steering = steeringOf(options);
  const run = (each: CommandPlan) => runPlanned(each, deps, plan.timeoutSeconds, signal);
  return {
    ...steering,
    from: plan.from,
    to: plan.to,
    drainSeconds: plan.drainSeconds,
    asksToDrain: plan.drainStart !== undefined,
    async shift(share) {
      requireShare(share, steering.shares);
      await steering.shift(share);
    },
    async ready(side) {
      await until({
        what: `find ${plan[side]} ready for traffic`,
        attempt: async () => {
          await steering.answers(side);
          if (plan.ready !== undefined) await run(plan.ready[side]);
          return { value: undefined };
        },
        timeoutSeconds: plan.timeoutSeconds,
        clock: deps.clock,
        signal,
        failure: {
          code: "traffic-not-ready",
          expected: `${plan[side]} answering, before any traffic goes there`,
          next: "see what it lacks (npx landfall status); nothing was moved, run this again",
        },
      });
    },
    startDrain: (side) => runIfThere(plan.drainStart?.[side]),
    stopDrain: (side) => runIfThere(plan.drainStop?.[side]),
  };

  async function runIfThere(each: CommandPlan | undefined): Promise<void> {
    if (each === undefined) return;
    try {
      await run(each);
    } catch (cause) {
      signal?.throwIfAborted();
      throw new LandfallError("traffic-drain", `a command of replacement.traffic.drain failed`, {
        found: cause instanceof Error ? cause.message : String(cause),
        expected: `${each.argv[0]} to end with 0`,
        next: `run it by hand in ${each.folder}; mend what it says, then run this again`,
        cause,
      });
    }
  }
}

function steeringOf({ plan, ...rest }: TrafficOptions): Steering {
  switch (plan.driver) {
    case "command":
      return command(plan, rest);
    case "dns":
      return dns(plan, rest);
    case "bgp":
      return bgp(plan, rest);
    case "address":
      return address(plan, rest);
  }
}
