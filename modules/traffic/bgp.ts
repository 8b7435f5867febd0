// Traffic steered by routes: the same address in both clusters, announced by the nodes of one. kube-router announces a
// Service's external addresses to the site's routers as an annotation of the Service says.
import { LandfallError } from "../spec/error.ts";
import { runPlanned } from "./command.ts";
import type { BgpTrafficPlan } from "./plan.ts";
import { type Known, openServices } from "./services.ts";
import type { Side, Steering, TrafficOptions } from "./types.ts";
import { until } from "./until.ts";

export const announceAnnotation = "kube-router.io/service.advertise.externalip";

export function bgp(plan: BgpTrafficPlan, options: Omit<TrafficOptions, "plan">): Steering {
  const { namespace, name, address } = plan;
  const { deps, signal } = options;
  const services = openServices(plan, options);
  const { trial } = services;

  /** Which clusters announce the address. */
  const read = () =>
    services.both(
      async (side) => (await services.get(side)).metadata.annotations?.[announceAnnotation] === "true",
    );

  /** Who cannot be asked may announce. */
  function share({ from, to }: Known<boolean>): number {
    if (from !== false && to !== false) return 50;
    if (from !== false || to !== false) return to === false ? 0 : 100;
    throw new LandfallError("traffic-unknown", `nobody announces ${address}`, {
      found: `${services.title} without ${announceAnnotation}: "true", in both clusters`,
      expected: `${plan.from} or ${plan.to} announcing it`,
      next: `npx landfall kubectl ${plan.from} -- -n ${namespace} annotate service ${name} ${announceAnnotation}=true`,
    });
  }

  const announce = (side: Side, wanted: boolean) =>
    services.annotate(side, announceAnnotation, String(wanted));

  /** Returns once the routers have the route. */
  async function arrived(side: Side): Promise<void> {
    if (plan.arrived === undefined) await deps.clock.sleep(plan.settleSeconds * 1000, signal);
    else await runPlanned(plan.arrived[side], deps, plan.timeoutSeconds, signal);
  }

  return {
    shares: [0, 100],
    // Packets of open connections go the new way too, to nodes that know nothing of them.
    cutsConnections: true,
    async state() {
      const found = await services.look(`read who announces ${address}`, read);
      const said = services.parts(found, (here, side) => (here ? `by ${plan[side]}` : undefined));
      return {
        share: share(found),
        shown: `${address} is announced ${said.join(" and ")}`,
        settleSeconds: plan.settleSeconds,
      };
    },
    async shift(wanted) {
      const gainer: Side = wanted === 100 ? "to" : "from";
      const loser: Side = wanted === 100 ? "from" : "to";
      let begun = false;
      let known = false;
      await until({
        ...trial,
        what: `have ${address} announced by ${plan[gainer]} alone`,
        attempt: async () => {
          const now = await read();
          if (!begun) share(now);
          begun = true;
          if (now[gainer] instanceof Error) throw now[gainer];
          if (now[gainer] && now[loser] === false) return { value: undefined };
          if (!now[gainer]) {
            known = false;
            await announce(gainer, true);
          }
          if (!known) await arrived(gainer);
          known = true;
          if (now[loser] instanceof Error)
            return { found: `${plan[gainer]} announces it; ${now[loser].message}` };
          await announce(loser, false);
          return { found: `${address} announced by both` };
        },
      });
    },
    answers: services.answers,
  };
}
