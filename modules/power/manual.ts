// A person at the machine: told in one sentence what to do, and believed, or watched for its effect.
import type { ManualPlan } from "../plan/index.ts";
import { probe } from "./probe.ts";
import type { Power, PowerDeps, PowerOptions } from "./types.ts";

export function manual(bmc: ManualPlan, deps: PowerDeps, options: PowerOptions = {}): Power {
  const { machine, patience } = bmc;
  const { name, mac, address } = machine;
  const { state } = probe(bmc, deps, options);
  const { signal } = options;
  let fromNetwork = false;

  /** Until the effect shows, or the person says that it is done: a machine takes minutes to answer. */
  async function asked(sentence: string, wanted: "on" | "off", believed: boolean): Promise<void> {
    deps.tell(deps.confirmed === undefined ? sentence : `${sentence}, then press Enter`);
    const over = new AbortController();
    const ended = AbortSignal.any([over.signal, ...(signal ? [signal] : [])]);
    const seen = probe(bmc, deps, { ...options, signal: ended }).wait(wanted, {
      what: `have ${name} switched ${wanted}: nobody did so`,
      patience,
      ask: async () => {},
      failure: { code: "nobody-came", next: `${sentence}; then run this again` },
    });
    try {
      if (deps.confirmed === undefined) return await seen;
      const said = deps.confirmed(ended).then(() => (believed ? undefined : seen));
      await Promise.race([seen, said]);
    } finally {
      over.abort();
      seen.catch(() => {});
    }
  }

  const power: Power = {
    state,
    async on() {
      if ((await state()) === "on") return;
      const network = fromNetwork ? ", and let it start from the network this once (PXE)" : "";
      await asked(`switch ${name} (${address}, ${mac}) on${network}`, "on", true);
      fromNetwork = false;
    },
    async off() {
      if ((await state()) === "off") return;
      // What still answers is not off, whoever says so.
      await asked(
        `switch ${name} (${address}, ${mac}) off: hold its power button until it is dark`,
        "off",
        false,
      );
    },
    async cycle() {
      await power.off();
      await power.on();
    },
    async bootFromNetworkOnce() {
      fromNetwork = true;
    },
    console: async () => undefined,
  };
  return power;
}
