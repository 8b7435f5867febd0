// What blue's workloads request, and what its machines offer: asked of its API.
import { type Api, getJson } from "../../kubernetes/index.ts";
import type { Demand, Load, Size } from "../../rollout/index.ts";
import { podRequests, quantity } from "../../workloads/index.ts";
import { canRunElsewhere } from "../drain.ts";

export interface Node {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly taints?: readonly { readonly effect: string }[] };
  readonly status: { readonly allocatable?: Readonly<Record<string, string>> };
}

export interface Pod {
  readonly metadata: {
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly { readonly kind: string }[];
  };
  readonly spec: Readonly<Record<string, unknown>> & { readonly nodeName?: string };
  readonly status: { readonly phase?: string };
}

/** `poolOf`: the pool of a machine in blue. */
export async function readLoad(
  api: Api,
  poolOf: (machine: string) => string | undefined,
  signal: AbortSignal,
): Promise<Load> {
  const options = { signal, timeoutMs: 20_000 };
  const [nodes, pods] = await Promise.all([
    getJson<{ items: readonly Node[] }>(api, "/api/v1/nodes", options),
    getJson<{ items: readonly Pod[] }>(api, "/api/v1/pods", options),
  ]);
  return loadOf(nodes.value.items, pods.value.items, poolOf);
}

/**
 * Pods of DaemonSets, and those that a machine runs from files, are no work that moves: they take from what their machine
 * offers. A pod on machines with taints tolerates them, and is taken to belong there.
 */
export function loadOf(
  nodes: readonly Node[],
  pods: readonly Pod[],
  poolOf: (machine: string) => string | undefined,
): Load {
  const running = pods.filter(({ status }) => status.phase !== "Succeeded" && status.phase !== "Failed");
  const tainted = new Set(nodes.filter(isTainted).map(({ metadata }) => metadata.name));
  const sizes = nodes.map(({ metadata: { name }, status }): [string, Size] => {
    const own = running.filter((pod) => pod.spec.nodeName === name && !canRunElsewhere(pod)).map(sizeOf);
    const { cpu, memory } = own.reduce(plus, { cpu: 0, memory: 0 });
    const amount = (key: string) => quantity(status.allocatable?.[key] ?? "0") ?? 0;
    return [
      name,
      { cpu: Math.floor(amount("cpu") * 1000) - cpu, memory: Math.floor(amount("memory")) - memory },
    ];
  });
  const work = Map.groupBy(running.filter(canRunElsewhere), ({ spec: { nodeName } }) =>
    nodeName !== undefined && tainted.has(nodeName) ? poolOf(nodeName) : undefined,
  );
  const demands = [...work].map(
    ([pool, own]): Demand => ({
      ...(pool !== undefined && { pool }),
      ...own.map(sizeOf).reduce(plus, { cpu: 0, memory: 0 }),
    }),
  );
  return { sizes: new Map(sizes), demands };
}

function isTainted({ spec }: Node): boolean {
  return spec.taints?.some(({ effect }) => effect !== "PreferNoSchedule") ?? false;
}

function sizeOf({ spec }: Pod): Size {
  const { cpuMillis, memoryBytes } = podRequests(spec);
  return { cpu: cpuMillis, memory: memoryBytes };
}

function plus(a: Size, b: Size): Size {
  return { cpu: a.cpu + b.cpu, memory: a.memory + b.memory };
}
