// Traffic steered by the user's own commands: a load balancer, a cloud, a router with a language of its own.
import type { CommandPlan } from "../plan/index.ts";
import { type CommandTrafficPlan, fill } from "./plan.ts";
import type { Steering, TrafficDeps, TrafficOptions } from "./types.ts";
import { until } from "./until.ts";

/** What was accepted gets as many milliseconds to be read back, before it is asked for again. */
const settle = 10_000;

export function command(plan: CommandTrafficPlan, { deps, signal }: Omit<TrafficOptions, "plan">): Steering {
  const { clock } = deps;
  const run = (each: CommandPlan) => runPlanned(each, deps, plan.timeoutSeconds, signal);
  const [program = ""] = plan.show.argv;

  async function show(): Promise<number> {
    const said = (await run(plan.show)).trim();
    if (/^\d{1,3}$/.test(said) && Number(said) <= 100) return Number(said);
    throw new Error(
      `${program} printed ${JSON.stringify(said.slice(0, 100))}, expected a number from 0 to 100`,
    );
  }
  const trial = {
    timeoutSeconds: plan.timeoutSeconds,
    clock,
    signal,
    failure: {
      code: "traffic-timeout",
      expected: "commands of replacement.traffic that do it",
      next: `run them by hand in ${plan.show.folder}; mend what they say, then run this again`,
    },
  };

  return {
    shares: plan.shares === "any" ? Array.from({ length: 101 }, (_, share) => share) : [0, 100],
    // A load balancer keeps what is open; one that does not has clients that find out at once.
    cutsConnections: false,
    async state() {
      const share = await until({
        ...trial,
        what: `read where the traffic goes by ${program}`,
        attempt: async () => ({ value: await show() }),
        failure: { ...trial.failure, code: "traffic-unknown" },
      });
      return { share, shown: `${program} says ${share}`, settleSeconds: 0 };
    },
    async shift(share) {
      const argv = plan.shift.argv.map((word) => fill(word, { share: String(share) }));
      let askedAt: number | undefined;
      await until({
        ...trial,
        what: `shift ${share} % to ${plan.to} by ${argv[0]}`,
        attempt: async () => {
          const now = await show();
          if (now === share) return { value: undefined };
          if (askedAt === undefined || clock.now() - askedAt >= settle) {
            // Only what was accepted is given time; what failed is repeated.
            askedAt = undefined;
            await run({ ...plan.shift, argv });
            askedAt = clock.now();
          }
          return { found: `${now} % at ${plan.to}` };
        },
      });
    },
    answers: async () => {},
  };
}

/** One command of the user's, bounded in time. */
export function runPlanned(
  { argv, folder }: CommandPlan,
  deps: Pick<TrafficDeps, "runCommand">,
  seconds: number,
  signal: AbortSignal | undefined,
): Promise<string> {
  const timeout = AbortSignal.timeout(seconds * 1000);
  return deps.runCommand(argv, { folder, signal: signal ? AbortSignal.any([signal, timeout]) : timeout });
}
