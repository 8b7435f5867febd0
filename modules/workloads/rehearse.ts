// Everything is shown to green's API first, as a dry run: what it will refuse is known before anything is written.
import PQueue from "p-queue";
import { type Api, ApiError } from "../kubernetes/index.ts";
import type { Item } from "./draft.ts";
import { type MovedPort, portText } from "./node-ports.ts";
import { at, changed, type KubeObject, kindOf, listOf, numberAt, without } from "./objects.ts";
import type { Problem } from "./volumes.ts";
import { applyObject, type Patience, pause } from "./write.ts";

/** Requests at a time. */
export const atOnce = 8;

export interface Rehearsal {
  readonly items: readonly Item[];
  readonly problems: readonly Problem[];
  readonly movedPorts: readonly MovedPort[];
}

export interface RehearseOptions extends Patience {
  readonly to: Api;
  readonly items: readonly Item[];
  /** Ids of the kinds that green serves. */
  readonly served: ReadonlySet<string>;
  /** Names of the namespaces that green has. */
  readonly namespaces: ReadonlySet<string>;
}

/** What of blue's definitions green does not serve yet cannot be rehearsed. */
export async function rehearse(options: RehearseOptions): Promise<Rehearsal> {
  const queue = new PQueue({ concurrency: atOnce });
  const rehearsed = await queue.addAll(options.items.map((item) => () => rehearseOne(item, options)));
  return {
    items: rehearsed.map(({ item }) => item),
    problems: rehearsed.flatMap(({ problem }) => problem ?? []),
    movedPorts: rehearsed.flatMap(({ moved }) => moved),
  };
}

interface Rehearsed {
  readonly item: Item;
  readonly problem?: Problem;
  readonly moved: readonly MovedPort[];
}

async function rehearseOne(item: Item, options: RehearseOptions): Promise<Rehearsed> {
  const { kind, manifest } = item;
  const { namespace } = manifest.metadata;
  const isThere = namespace === undefined || options.namespaces.has(namespace);
  // A pod wants its service account, which only its own namespace has.
  if (!options.served.has(kind.id) || (!isThere && kindOf(manifest) === "Pod")) return { item, moved: [] };
  const shown = isThere ? manifest : elsewhere(manifest);
  const problem = await lastRefusal(shown, item, options);
  if (problem === undefined) return { item, moved: [] };
  const ports = nodePortsOf(item);
  if (kindOf(manifest) === "Service" && /node ?port/i.test(problem.reason) && ports.length > 0) {
    const fitted = { ...item, manifest: withoutNodePorts(manifest), turn: 1 as const };
    const again = await refusal(withoutNodePorts(shown), item, options);
    if (again === undefined) return { item: fitted, moved: ports };
  }
  return { item, problem, moved: [] };
}

/** Long enough for a request of somebody who was killed a moment ago to end. */
const inFlightTries = 20;

/**
 * Ports that nobody was seen to have, and which are allocated, are those of a Service that is being made: of one that a
 * run before this one asked for before it was killed, as a rule of the same Service.
 */
async function lastRefusal(
  manifest: KubeObject,
  item: Item,
  options: RehearseOptions,
): Promise<Problem | undefined> {
  for (let tries = 1; ; tries++) {
    const problem = await refusal(manifest, item, options);
    const isInFlight = problem?.reason.includes("provided port is already allocated") ?? false;
    if (!isInFlight || tries === inFlightTries) return problem;
    await pause(options);
  }
}

async function refusal(
  manifest: KubeObject,
  { kind, name }: Item,
  { to, signal }: RehearseOptions,
): Promise<Problem | undefined> {
  try {
    await applyObject(to, kind, manifest, { dryRun: true, signal });
    return undefined;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    // A webhook that cannot tell without doing it.
    if (error.message.includes("does not support dry run")) return undefined;
    return {
      object: name,
      reason: `green refuses it: ${error.message}`,
      next: "change it in blue, delete what stands in its way in green, or exclude it",
    };
  }
}

/** In a namespace that is there on every cluster, and under a name that stands in nobody's way. */
function elsewhere(manifest: KubeObject): KubeObject {
  return {
    ...manifest,
    metadata: { ...manifest.metadata, namespace: "default", name: "landfall-rehearsal" },
  };
}

function withoutNodePorts(service: KubeObject): KubeObject {
  const ports = changed(service, ["spec", "ports"], (found) =>
    listOf(found).map((port) => without(port, "nodePort")),
  );
  return without(ports, "spec", "healthCheckNodePort");
}

function nodePortsOf({ name, manifest }: Item): MovedPort[] {
  return listOf(at(manifest, "spec", "ports")).flatMap((port) => {
    const blue = numberAt(port, "nodePort");
    return blue === undefined ? [] : [{ service: name, port: portText(port), blue, green: undefined }];
  });
}
