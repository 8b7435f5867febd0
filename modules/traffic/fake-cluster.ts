// Two clusters' APIs with one Service in each, for the tests of this module.
import type { Api, ApiRequest } from "../kubernetes/index.ts";
import type { Side } from "./types.ts";

export interface FakeClusters {
  readonly api: (side: Side) => Api;
  /** Whether each announces. Set by somebody else, too. */
  readonly announced: Record<Side, boolean>;
  /** Whether each has an endpoint that is ready. */
  readonly ready: Record<Side, boolean>;
  readonly addresses: Record<Side, string[]>;
  /** The request as METHOD PATH; an answer in place of the real one, an error, or nothing. */
  intercept: (side: Side, request: string) => { status: number; body: string } | undefined;
  /** Of requests that changed something, in order: `from=true`. */
  readonly writes: string[];
  /** States in which nobody announced. */
  gaps: number;
}

export function fakeClusters(address: string, annotation: string): FakeClusters {
  const world: FakeClusters = {
    announced: { from: true, to: false },
    ready: { from: true, to: true },
    addresses: { from: [address], to: [address] },
    intercept: () => undefined,
    writes: [],
    gaps: 0,
    api: (side) => ({
      servers: [side],
      close: async () => {},
      only: () => {
        throw new Error("one server is enough");
      },
      request: async (request) => {
        const answer =
          world.intercept(side, `${request.method ?? "GET"} ${request.path}`) ?? reply(side, request);
        return { ...answer, date: undefined, server: side };
      },
    }),
  };
  const reply = (side: Side, { method = "GET", path, body = "" }: ApiRequest) => {
    if (path.startsWith("/apis/discovery.k8s.io/v1/namespaces/ingress/endpointslices?")) {
      const endpoints = [{ conditions: { ready: false } }, { conditions: { ready: world.ready[side] } }];
      return { status: 200, body: JSON.stringify({ items: [{ endpoints: null }, { endpoints }] }) };
    }
    if (!path.startsWith("/api/v1/namespaces/ingress/services/nginx"))
      return { status: 404, body: "not found" };
    if (method === "PATCH") {
      const patch = JSON.parse(body) as { metadata: { annotations: Record<string, string> } };
      world.announced[side] = patch.metadata.annotations[annotation] === "true";
      world.writes.push(`${side}=${world.announced[side]}`);
      if (!world.announced.from && !world.announced.to) world.gaps++;
    }
    const annotations = world.announced[side] ? { [annotation]: "true" } : {};
    return {
      status: 200,
      body: JSON.stringify({ metadata: { annotations }, spec: { externalIPs: world.addresses[side] } }),
    };
  };
  return world;
}
