// The Service that people reach, with the same address in both clusters: asked, annotated. What steers the address by
// annotations stands on this.
import { ApiError, getJson, reason } from "../kubernetes/index.ts";
import { LandfallError } from "../spec/error.ts";
import type { TrafficPlan } from "./plan.ts";
import type { Side, TrafficOptions } from "./types.ts";
import { until } from "./until.ts";

export interface Service {
  readonly metadata: { readonly annotations?: Readonly<Record<string, string>> };
  readonly spec: { readonly externalIPs?: readonly string[]; readonly externalTrafficPolicy?: string };
}

interface EndpointSlices {
  readonly items: readonly {
    readonly endpoints?: readonly { readonly conditions?: { readonly ready?: boolean } }[] | null;
  }[];
}

/** What is known of each cluster; or why one could not be asked. */
export type Known<T> = Readonly<Record<Side, T | Error>>;

/** Looks at a cluster that does not answer while the other one does. */
const patience = 3;

export interface Services {
  /** As `Service ingress/nginx`. */
  readonly title: string;
  /** What `until` is told, but for what is tried. */
  readonly trial: Trial;
  /** @throws {LandfallError} `traffic-unknown` if it is not there, or has not the address */
  readonly get: (side: Side) => Promise<Service>;
  /** @throws {LandfallError} `traffic-refused` */
  readonly annotate: (side: Side, name: string, value: string) => Promise<void>;
  /** A dead cluster must not keep traffic from the other one: rejects only if neither answers. */
  readonly both: <T>(ask: (side: Side) => Promise<T>) => Promise<Known<T>>;
  /** The first look at both: a cluster that does not answer is asked again before it is taken for silent. */
  readonly look: <T>(what: string, read: () => Promise<Known<T>>) => Promise<Known<T>>;
  /** Who has the address, as people read it: how each cluster that answers has it, and who may have it unseen. */
  readonly parts: <T>(found: Known<T>, how: (here: T, side: Side) => string | undefined) => string[];
  /** Rejects unless an endpoint is ready. */
  readonly answers: (side: Side) => Promise<void>;
}

type Trial = Pick<TrafficOptions["deps"], "clock"> & {
  readonly timeoutSeconds: number;
  readonly signal: AbortSignal | undefined;
  readonly failure: { readonly code: string; readonly expected: string; readonly next: string };
};

export function openServices(
  plan: Extract<TrafficPlan, { readonly namespace: string }>,
  { deps, signal }: Omit<TrafficOptions, "plan">,
): Services {
  const { namespace, name, address } = plan;
  const path = `/api/v1/namespaces/${namespace}/services/${name}`;
  const title = `Service ${namespace}/${name}`;

  async function find(side: Side): Promise<Service> {
    try {
      return (await getJson<Service>(deps.api(side), path, { signal })).value;
    } catch (cause) {
      if (!(cause instanceof ApiError && cause.status === 404)) throw cause;
      throw new LandfallError("traffic-unknown", `${plan[side]} has no ${title}`, {
        found: cause.message,
        expected: `${title} with the address ${address}, in both clusters`,
        next: `npx landfall migrate ${plan.from} ${plan.to}, or correct replacement.traffic`,
        cause,
      });
    }
  }

  const trial: Trial = {
    timeoutSeconds: plan.timeoutSeconds,
    clock: deps.clock,
    signal,
    failure: {
      code: "traffic-timeout",
      expected: `the APIs of ${plan.from} and ${plan.to}, both answering`,
      next: "see whether both clusters answer (npx landfall status); then run this again",
    },
  };

  return {
    title,
    trial,
    async get(side) {
      const service = await find(side);
      const { externalIPs } = service.spec;
      if (externalIPs?.includes(address)) return service;
      throw new LandfallError("traffic-unknown", `${title} of ${plan[side]} has not the address ${address}`, {
        found: externalIPs?.join(", ") ?? "no externalIPs",
        expected: `${address} among its spec.externalIPs, in both clusters`,
        next: "give it the address, or correct replacement.traffic",
      });
    },
    async annotate(side, annotation, value) {
      const reply = await deps.api(side).request({
        method: "PATCH",
        path: `${path}?fieldManager=landfall-cutover`,
        contentType: "application/merge-patch+json",
        body: JSON.stringify({ metadata: { annotations: { [annotation]: value } } }),
        signal,
      });
      if (reply.status === 200) return;
      const error = new ApiError(`PATCH ${path} of ${plan[side]}`, reply);
      if (reply.status >= 500 || reply.status === 429) throw error;
      throw new LandfallError("traffic-refused", `${plan[side]} refuses to change ${title}`, {
        found: error.message,
        expected: "200",
        next: "see what refuses it: an admission webhook, a policy",
        cause: error,
      });
    },
    async both(ask) {
      const patient = async (side: Side) => {
        try {
          return await ask(side);
        } catch (error) {
          signal?.throwIfAborted();
          if (error instanceof LandfallError) throw error;
          return new Error(`the API of ${plan[side]}: ${reason(error)}`, { cause: error });
        }
      };
      const [from, to] = await Promise.all([patient("from"), patient("to")]);
      if (from instanceof Error && to instanceof Error) throw from;
      return { from, to };
    },
    async look(what, read) {
      let silent = 0;
      return until({
        ...trial,
        what,
        attempt: async () => {
          const now = await read();
          const mute = [now.from, now.to].find((each) => each instanceof Error);
          if (mute !== undefined && ++silent < patience) throw mute;
          return { value: now };
        },
        failure: { ...trial.failure, code: "traffic-unknown" },
      });
    },
    parts: (found, how) =>
      (["from", "to"] as const).flatMap((side) => {
        const here = found[side];
        if (here instanceof Error) return [`perhaps by ${plan[side]}, which does not answer`];
        return how(here, side) ?? [];
      }),
    async answers(side) {
      const query = encodeURIComponent(`kubernetes.io/service-name=${name}`);
      const { value } = await getJson<EndpointSlices>(
        deps.api(side),
        `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices?labelSelector=${query}`,
        { signal },
      );
      const endpoints = value.items.flatMap((slice) => slice.endpoints ?? []);
      if (endpoints.some(({ conditions }) => conditions?.ready !== false)) return;
      throw new Error(`${title} of ${plan[side]} has no endpoint that is ready`);
    },
  };
}
