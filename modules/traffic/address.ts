// Traffic steered by who answers for an address on the masters' network: VRRP chooses, among the masters of both clusters,
// by how gladly each holds it, and an annotation of the Service says how gladly. Who has it in fact is told by nodes' labels.
import { addressAnnotation, getJson, holdsLabel } from "../kubernetes/index.ts";
import { LandfallError } from "../spec/error.ts";
import type { AddressTrafficPlan } from "./plan.ts";
import { type Known, openServices } from "./services.ts";
import type { Side, Steering, TrafficOptions } from "./types.ts";
import { until } from "./until.ts";

/** What a cluster wants, and which of its nodes have the address. */
interface Holding {
  readonly wish: Wish;
  readonly nodes: readonly string[];
}

const wishes = ["take", "hold", "stand-by", "off"] as const;
type Wish = (typeof wishes)[number];

interface Node {
  readonly metadata: { readonly name: string };
  readonly status?: { readonly conditions?: readonly { readonly type: string; readonly status: string }[] };
}

/** Milliseconds in which masters who hear each other agree on one. */
const agreement = 10_000;

export function address(plan: AddressTrafficPlan, options: Omit<TrafficOptions, "plan">): Steering {
  const { namespace, name } = plan;
  const { deps, signal } = options;
  const services = openServices(plan, options);
  const { trial } = services;
  const selector = encodeURIComponent(`${holdsLabel(plan.address)}=true`);

  const read = (): Promise<Known<Holding>> =>
    services.both(async (side) => {
      const { metadata } = await services.get(side);
      const nodes = await getJson<{ items: readonly Node[] }>(
        deps.api(side),
        `/api/v1/nodes?labelSelector=${selector}`,
        { signal },
      );
      const written = metadata.annotations?.[addressAnnotation];
      return {
        wish: wishes.find((wish) => wish === written) ?? "off",
        // One without power cannot take its label away.
        nodes: nodes.value.items.filter(isReady).map((node) => node.metadata.name),
      };
    });

  /** Who cannot be asked may have it. Who has it counts; if nobody does, who is to have it. */
  function share({ from, to }: Known<Holding>): number {
    for (const holds of [has, wants]) {
      const [blue, green] = [from, to].map((side) => side instanceof Error || holds(side));
      if (blue && green) return 50;
      if (blue || green) return green ? 100 : 0;
    }
    throw new LandfallError("traffic-unknown", `nobody holds ${plan.address}`, {
      found: `${services.title} without ${addressAnnotation}: hold, in both clusters`,
      expected: `${plan.from} or ${plan.to} holding it`,
      next: `npx landfall kubectl ${plan.from} -- -n ${namespace} annotate service ${name} ${addressAnnotation}=hold`,
    });
  }

  function shown(found: Known<Holding>): string {
    const parts = services.parts(found, (here, side) =>
      has(here) ? `by ${here.nodes.join(", ")} of ${plan[side]}` : undefined,
    );
    return `${plan.address} is held ${parts.length === 0 ? "by nobody at the moment" : parts.join(" and ")}`;
  }

  const ask = (side: Side, wish: Wish) => services.annotate(side, addressAnnotation, wish);

  return {
    shares: [0, 100],
    // Packets of open connections come to a machine that knows nothing of them.
    cutsConnections: true,
    async state() {
      const found = await services.look(`read who holds ${plan.address}`, read);
      // Whoever is told of a new holder by its gratuitous ARP knows it at once.
      return { share: share(found), shown: shown(found), settleSeconds: 0 };
    },
    async shift(wanted) {
      const gainer: Side = wanted === 100 ? "to" : "from";
      const loser: Side = wanted === 100 ? "from" : "to";
      let begun = false;
      let both: number | undefined;
      await until({
        ...trial,
        what: `have ${plan.address} held by ${plan[gainer]} alone`,
        attempt: async () => {
          const now = await read();
          if (!begun) share(now);
          begun = true;
          const [gains, loses] = [now[gainer], now[loser]];
          if (gains instanceof Error) throw gains;
          if (!has(gains) || (loses instanceof Error && !wants(gains))) {
            // Before the other one that holds it: that one need not answer for this.
            if (gains.wish !== "take") await ask(gainer, "take");
            else if (!(loses instanceof Error) && loses.wish === "take") await ask(loser, "hold");
            return { found: shown(now) };
          }
          if (loses instanceof Error) return { found: `${plan[gainer]} holds it; ${loses.message}` };
          if (wants(loses)) {
            await ask(loser, "stand-by");
            return { found: shown(now) };
          }
          if (has(loses)) {
            both ??= deps.clock.now();
            // Masters that do not hear each other's VRRP would both have it for ever.
            if (deps.clock.now() - both > agreement && loses.wish !== "off") await ask(loser, "off");
            if (!wants(gains)) await ask(gainer, "take");
            return { found: shown(now) };
          }
          if (gains.wish !== "hold") await ask(gainer, "hold");
          return { value: undefined };
        },
      });
    },
    async answers(side) {
      const { spec } = await services.get(side);
      if (spec.externalTrafficPolicy === "Local") {
        throw new LandfallError(
          "traffic-impossible",
          `masters of ${plan[side]} cannot serve ${plan.address}`,
          {
            found: `${services.title} with externalTrafficPolicy: Local`,
            expected: "Cluster: the address is at a master, and pods are elsewhere",
            next: "change it, or steer the traffic by another driver (docs/traffic.md)",
          },
        );
      }
      await services.answers(side);
    },
  };
}

function has({ nodes }: Holding): boolean {
  return nodes.length > 0;
}

function wants({ wish }: Holding): boolean {
  return wish === "take" || wish === "hold";
}

function isReady({ status }: Node): boolean {
  return status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") ?? false;
}
