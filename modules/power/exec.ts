// Power by the site's own commands: a switchable socket, a hypervisor, a controller that speaks something else.
import type { CommandPlan, ExecPlan } from "../plan/index.ts";
import type { Power, PowerDeps, PowerOptions } from "./types.ts";
import { change, until } from "./until.ts";

const commandSeconds = 60;

export function exec(bmc: ExecPlan, deps: PowerDeps, options: PowerOptions = {}): Power {
  const { signal } = options;
  const { name } = bmc.machine;

  const run = ({ argv, folder }: CommandPlan) =>
    deps.runCommand(argv, {
      folder,
      signal: AbortSignal.any([AbortSignal.timeout(commandSeconds * 1000), ...(signal ? [signal] : [])]),
    });

  async function state(): Promise<"on" | "off"> {
    const said = (await run(bmc.state)).trim().toLowerCase();
    if (said === "on" || said === "off") return said;
    throw new Error(`${bmc.state.argv[0]} printed ${JSON.stringify(said.slice(0, 100))}, expected on or off`);
  }

  const failure = {
    code: "bmc-timeout",
    expected: "commands of the site file's bmc that do it",
    next: `run them by hand for ${name}, from the site file's folder; mend what they say, then run this again`,
  };
  const turn = (wanted: "on" | "off") =>
    change({
      what: `power ${wanted} ${name} by ${bmc[wanted].argv[0]}`,
      expected: `power ${wanted}`,
      read: state,
      done: (now) => now === wanted,
      found: (now) => `power ${now}`,
      ask: () => run(bmc[wanted]),
      deps,
      options,
      failure,
    });

  const power: Power = {
    state: () =>
      until({
        what: `read the power state of ${name} by ${bmc.state.argv[0]}`,
        attempt: async () => ({ value: await state() }),
        deps,
        options,
        failure,
      }),
    on: () => turn("on"),
    off: () => turn("off"),
    async cycle() {
      await power.off();
      await power.on();
    },
    async bootFromNetworkOnce() {
      const { networkBoot, nextBoot } = bmc;
      // Its firmware starts from the network first, each time.
      if (networkBoot === undefined) return;
      await change({
        what: `order one network boot of ${name} by ${networkBoot.argv[0]}`,
        expected: "network",
        read: async () => (nextBoot === undefined ? undefined : (await run(nextBoot)).trim().toLowerCase()),
        done: (next, asked) => (nextBoot === undefined ? asked : next === "network"),
        found: (next) => next?.slice(0, 100) ?? "not ordered yet",
        ask: () => run(networkBoot),
        deps,
        options,
        failure,
      });
    },
    async console() {
      const { console } = bmc;
      if (console === undefined) return undefined;
      return until({
        what: `read the console of ${name} by ${console.argv[0]}`,
        attempt: async () => ({ value: await run(console) }),
        deps,
        options,
        failure,
      });
    },
  };
  return power;
}
