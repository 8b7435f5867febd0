// Matchbox's HTTP endpoints, as a function from requests to answers. What differs from Matchbox on purpose is listed in
// docs/boot-service.md, and named in the contract suite.
import { translate } from "@landfall/ignition";
import { LandfallError } from "../../spec/error.ts";
import type { Catalog, Group, NetBoot, Profile } from "../catalog/index.ts";
import type { BootGate } from "../gate.ts";
import { percentDecoded } from "../go/query.ts";
import { bytesOf, textOf } from "../go/text.ts";

import type { Order } from "../machine/types.ts";
import type { Labels } from "../selection/index.ts";
import { renderTemplate } from "../template/index.ts";
import { type Answer, type Asked, failure, notFound, notReady, ok, plain } from "./answer.ts";
import { serveContent } from "./content.ts";
import { labelsOf, machinesOf } from "./labels.ts";
import { localGrub, localIpxe } from "./local-boot.ts";
import { cleanPath, parseTarget, redirect, type Target } from "./path.ts";
import { bootstrapScript, grubConfig, ipxeScript } from "./scripts.ts";
import { environmentLines, groupVariables, requestVariables } from "./variables.ts";

export interface WireOptions {
  readonly catalog: Catalog;
  /** What the machines that Landfall knows may boot. Left out: every machine is answered as Matchbox would. */
  readonly gate?: BootGate | undefined;
  /** Whether /assets/ is served; else it is not there. */
  readonly assets: boolean;
  /** Where machines report to, as http://10.0.0.1:8080. Default: where they asked. */
  readonly reportUrl?: string | undefined;
  /** How machines ask. Default: http. */
  readonly scheme?: "http" | "https";
}

/** `assets` and `other` are served by others: files, and what Matchbox does not have. */
export type Routed =
  | { readonly to: "answer"; readonly answer: Answer | Promise<Answer> }
  | { readonly to: "assets"; readonly path: string }
  | { readonly to: "other" };

type Endpoint = (request: Request) => Answer | Promise<Answer>;

interface Request {
  readonly asked: Asked;
  readonly rawQuery: string;
  readonly labels: Labels;
}

const bootstrap = ok(Buffer.from(bootstrapScript));
const home = ok(Buffer.from("matchbox\n"));
const unfinished = notReady("this machine has an order, and no profile to boot");
/** As Go's server itself answers what it cannot read. */
const badRequest: Answer = {
  status: 400,
  headers: { "Content-Type": plain, Connection: "close" },
  body: Buffer.from("400 Bad Request"),
};

export function matchboxWire({
  catalog,
  gate,
  assets,
  reportUrl,
  scheme = "http",
}: WireOptions): (asked: Asked) => Routed {
  const ipxe = scriptEndpoint(ipxeScript, ok(Buffer.from(localIpxe)));
  const grub = scriptEndpoint(grubConfig, ok(Buffer.from(localGrub)));
  const environment = cached((group: Group) => environmentLines(groupVariables(group)));
  const ignitionServed = cached((raw: Uint8Array) => {
    const served = translate(raw);
    return served === undefined ? undefined : Buffer.from(served);
  });

  const endpoints: Readonly<Record<string, Endpoint>> = {
    "/boot.ipxe": () => bootstrap,
    "/boot.ipxe.0": () => bootstrap,
    "/ipxe": ipxe,
    "/grub": grub,
    "/ignition": installing(({ labels }) => {
      const profile = profileOf(catalog.select(labels));
      const raw = profile && catalog.ignition(profile.ignitionId);
      if (profile === undefined || raw === undefined || !/\.(?:ign|ignition)$/.test(profile.ignitionId))
        return notFound;
      const served = ignitionServed(raw);
      // An empty config, as Matchbox answers, would boot a machine with nothing on it. After a 5xx Ignition asks again.
      if (served === undefined) return failure(500, `500 ${profile.ignitionId} is no valid Ignition config`);
      return ok(served, "application/json");
    }),
    "/generic": installing(({ asked, labels, rawQuery }) => {
      const group = catalog.select(labels);
      const profile = profileOf(group);
      const template = profile && catalog.generic(profile.genericId);
      if (group === undefined || template === undefined) return notFound;
      const data = { ...groupVariables(group), request: requestVariables(labels, rawQuery) };
      try {
        return serveContent(asked, bytesOf(renderTemplate(textOf(template), data)));
      } catch (error) {
        if (!(error instanceof LandfallError)) throw error;
        if (error.code !== "template-refused") return notFound;
        return failure(500, `500 ${profile!.genericId}: ${error.message}`);
      }
    }),
    "/metadata": installing(({ labels, rawQuery }) => {
      const group = catalog.select(labels);
      if (group === undefined) return notFound;
      const { query, raw_query } = requestVariables(labels, rawQuery);
      const request = environmentLines({ query: Object.fromEntries(query), raw_query }, "request_");
      return ok(bytesOf(environment(group) + request), "plain/text");
    }),
  };

  function profileOf(group: Group | undefined): Profile | undefined {
    return group && catalog.profile(group.profile);
  }

  /** A boot script: the only request that takes an order. */
  function scriptEndpoint(script: (boot: NetBoot) => string, local: Answer): Endpoint {
    const asMatchbox = cached((boot: NetBoot) => ok(bytesOf(script(boot))));
    const answerOf = (boot: NetBoot | undefined) => (boot === undefined ? notFound : asMatchbox(boot));

    return ({ asked, labels }) => {
      const boot = profileOf(catalog.select(labels))?.boot;
      const macs = machinesOf(labels);
      return gate === undefined || macs.length === 0 ? answerOf(boot) : gated(gate, macs, boot, asked);
    };

    async function gated(
      gate: BootGate,
      macs: readonly string[],
      boot: NetBoot | undefined,
      asked: Asked,
    ): Promise<Answer> {
      const known = await knownAmong(gate, macs);
      if (known === undefined) return answerOf(boot);
      const { mac, before } = known;
      const base = reportUrl ?? baseOf(scheme, asked);
      if (before.boot === "order") {
        // An order is taken only when it can be carried out: while Terraform replaces a group, there is none.
        if (boot === undefined) return unfinished;
        if (base === undefined) return badRequest;
      }
      // Machines GET; who only looks takes nothing. A boot from disk is written down as well.
      const now = asked.method === "GET" ? await gate.boot(mac) : before;
      if (now?.boot !== "order") return local;
      // Armed a moment ago, it may be an order that was not there before.
      if (boot === undefined || base === undefined) return unfinished;
      return ok(bytesOf(script(withOrder(boot, now.order, base, mac))));
    }
  }

  /** Only for a machine whose order is running, where it is known. */
  function installing(endpoint: Endpoint): Endpoint {
    return (request) => {
      const macs = machinesOf(request.labels);
      if (gate === undefined || macs.length === 0) return endpoint(request);
      return knownAmong(gate, macs).then((known) => {
        if (known === undefined) return endpoint(request);
        const { before } = known;
        return before.boot === "order" && before.order.state === "running" ? endpoint(request) : notFound;
      });
    };
  }

  /** A store out of reach is a reason to ask again. */
  function guarded(endpoint: Endpoint, request: Request): Answer | Promise<Answer> {
    try {
      catalog.check();
      const answer = endpoint(request);
      return answer instanceof Promise ? answer.catch(unready) : answer;
    } catch (error) {
      return unready(error);
    }
  }

  function route(asked: Asked, { path, escapedPath, rawQuery }: Target): Routed {
    const clean = cleanPath(escapedPath);
    if (assets && percentDecoded(clean) === "/assets")
      return answered(redirect(asked.method, `${cleanPath(path)}/`, rawQuery));
    if (clean !== escapedPath) return answered(redirect(asked.method, clean, rawQuery));
    if (path === "/") return answered(home);
    const endpoint = Object.hasOwn(endpoints, path) ? endpoints[path] : undefined;
    if (endpoint !== undefined)
      return answered(guarded(endpoint, { asked, rawQuery, labels: labelsOf(rawQuery) }));
    return assets && clean.startsWith("/assets/") ? { to: "assets", path } : { to: "other" };
  }

  return (asked) => {
    const target = parseTarget(asked.target);
    return target === undefined ? answered(badRequest) : route(asked, target);
  };
}

/** Whoever names a machine that is known is answered as that one, whatever else is named. */
async function knownAmong(gate: BootGate, macs: readonly string[]) {
  for (const mac of macs) {
    const before = await gate.peek(mac);
    if (before !== undefined) return { mac, before };
  }
  return undefined;
}

function answered(answer: Answer | Promise<Answer>): Routed {
  return { to: "answer", answer };
}

function unready(error: unknown): Answer {
  if (error instanceof LandfallError) return notReady(error.message);
  throw error;
}

/** Where the request was sent to. */
function baseOf(scheme: string, { headers }: Asked): string | undefined {
  const { host } = headers;
  return typeof host === "string" && /^[A-Za-z0-9.:[\]-]{1,255}$/.test(host)
    ? `${scheme}://${host}`
    : undefined;
}

function withOrder(boot: NetBoot, { id, kind }: Order, base: string, mac: string): NetBoot {
  const report = `${base}/report?mac=${mac.replaceAll(":", "-")}`;
  // The profile says how to install; what else is ordered, the initrd has to be told.
  const action = kind === "wipe" || kind === "rescue" ? [`landfall.action=${kind}`] : [];
  return { ...boot, args: [...boot.args, `landfall.order=${id}`, `landfall.report=${report}`, ...action] };
}

/** Computed once for each object, for as long as that is there. */
function cached<K extends object, V>(compute: (key: K) => V): (key: K) => V {
  const values = new WeakMap<K, { readonly value: V }>();
  return (key) => {
    let kept = values.get(key);
    if (kept === undefined) {
      kept = { value: compute(key) };
      values.set(key, kept);
    }
    return kept.value;
  };
}
