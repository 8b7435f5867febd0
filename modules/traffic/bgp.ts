// Traffic steered by routes: the same address in both clusters, announced by the nodes of one. kube-router announces a
// Service's external addresses to the site's routers as an annotation of the Service says.
import { type Api, ApiError, getJson, reason } from "../kubernetes/index.ts";
import { LandfallError } from "../spec/error.ts";
import { runPlanned } from "./command.ts";
import type { BgpTrafficPlan } from "./plan.ts";
import type { Side, Steering, TrafficOptions } from "./types.ts";
import { until } from "./until.ts";

export const announceAnnotation = "kube-router.io/service.advertise.externalip";

interface Service {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: { readonly externalIPs?: readonly string[] };
}

interface EndpointSlices {
  readonly items: readonly {
    readonly endpoints?: readonly { readonly conditions?: { readonly ready?: boolean } }[] | null;
  }[];
}

/** Which clusters announce the address; or why one could not be asked. */
type Announced = Readonly<Record<Side, boolean | Error>>;

/** Of a cluster that does not answer while the other one does. */
const patience = 3;

export function bgp(plan: BgpTrafficPlan, { deps, signal }: Omit<TrafficOptions, "plan">): Steering {
  const { namespace, name, address } = plan;
  const path = `/api/v1/namespaces/${namespace}/services/${name}`;
  const service = `Service ${namespace}/${name}`;
  const { clock } = deps;
  const trial = {
    timeoutSeconds: plan.timeoutSeconds,
    clock,
    signal,
    failure: {
      code: "traffic-timeout",
      expected: `the APIs of ${plan.from} and ${plan.to}, both answering`,
      next: "see whether both clusters answer (npx landfall status); then run this again",
    },
  };

  async function announces(side: Side): Promise<boolean> {
    const { metadata, spec } = await getService(deps.api(side), side);
    if (spec.externalIPs?.includes(address)) return metadata.annotations?.[announceAnnotation] === "true";
    throw new LandfallError("traffic-unknown", `${service} of ${plan[side]} has not the address ${address}`, {
      found: spec.externalIPs?.join(", ") ?? "no externalIPs",
      expected: `${address} among its spec.externalIPs, in both clusters`,
      next: "give it the address, or correct replacement.traffic",
    });
  }

  async function getService(api: Api, side: Side): Promise<Service> {
    try {
      return (await getJson<Service>(api, path, { signal })).value;
    } catch (cause) {
      if (!(cause instanceof ApiError && cause.status === 404)) throw cause;
      throw new LandfallError("traffic-unknown", `${plan[side]} has no ${service}`, {
        found: cause.message,
        expected: `${service} with the address ${address}, in both clusters`,
        next: `npx landfall migrate ${plan.from} ${plan.to}, or correct replacement.traffic`,
        cause,
      });
    }
  }

  /** A dead cluster must not keep traffic from the other one: rejects only if neither answers. */
  async function read(): Promise<Announced> {
    const ask = async (side: Side): Promise<boolean | Error> => {
      try {
        return await announces(side);
      } catch (error) {
        signal?.throwIfAborted();
        if (error instanceof LandfallError) throw error;
        return new Error(`the API of ${plan[side]}: ${reason(error)}`, { cause: error });
      }
    };
    const [from, to] = await Promise.all([ask("from"), ask("to")]);
    if (from instanceof Error && to instanceof Error) throw from;
    return { from, to };
  }

  /** Who cannot be asked may announce. */
  function share({ from, to }: Announced): number {
    if (from !== false && to !== false) return 50;
    if (from !== false || to !== false) return to === false ? 0 : 100;
    throw new LandfallError("traffic-unknown", `nobody announces ${address}`, {
      found: `${service} without ${announceAnnotation}: "true", in both clusters`,
      expected: `${plan.from} or ${plan.to} announcing it`,
      next: `npx landfall kubectl ${plan.from} -- -n ${namespace} annotate service ${name} ${announceAnnotation}=true`,
    });
  }

  async function announce(side: Side, wanted: boolean): Promise<void> {
    const reply = await deps.api(side).request({
      method: "PATCH",
      path: `${path}?fieldManager=landfall-cutover`,
      contentType: "application/merge-patch+json",
      body: JSON.stringify({ metadata: { annotations: { [announceAnnotation]: String(wanted) } } }),
      signal,
    });
    if (reply.status === 200) return;
    const error = new ApiError(`PATCH ${path} of ${plan[side]}`, reply);
    if (reply.status >= 500 || reply.status === 429) throw error;
    throw new LandfallError("traffic-refused", `${plan[side]} refuses to change ${service}`, {
      found: error.message,
      expected: "200",
      next: "see what refuses it: an admission webhook, a policy",
      cause: error,
    });
  }

  /** Returns once the routers have the route. */
  async function arrived(side: Side): Promise<void> {
    if (plan.arrived === undefined) await clock.sleep(plan.settleSeconds * 1000, signal);
    else await runPlanned(plan.arrived[side], deps, plan.timeoutSeconds, signal);
  }

  return {
    shares: [0, 100],
    // Packets of open connections go the new way too, to nodes that know nothing of them.
    cutsConnections: true,
    async state() {
      let silent = 0;
      const found = await until({
        ...trial,
        what: `read who announces ${address}`,
        attempt: async () => {
          const now = await read();
          const mute = [now.from, now.to].find((each) => each instanceof Error);
          if (mute !== undefined && ++silent < patience) throw mute;
          return { value: now };
        },
        failure: { ...trial.failure, code: "traffic-unknown" },
      });
      const said = (["from", "to"] as const).flatMap((side) => {
        const here = found[side];
        if (here instanceof Error) return [`perhaps by ${plan[side]}, which does not answer`];
        return here ? [`by ${plan[side]}`] : [];
      });
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
    async answers(side) {
      const query = encodeURIComponent(`kubernetes.io/service-name=${name}`);
      const { value } = await getJson<EndpointSlices>(
        deps.api(side),
        `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices?labelSelector=${query}`,
        { signal },
      );
      const endpoints = value.items.flatMap((slice) => slice.endpoints ?? []);
      if (endpoints.some(({ conditions }) => conditions?.ready !== false)) return;
      throw new Error(`${service} of ${plan[side]} has no endpoint that is ready`);
    },
  };
}
