// What the service counts, for Prometheus. Every label's values are a short list that nobody outside can lengthen.
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import { LandfallError } from "../../spec/error.ts";
import { type MachineView, type Signal, signals } from "../fleet/index.ts";
import {
  type MachineRecord,
  type OrderKind,
  orderKinds,
  orderStates,
  type Stage,
  stages,
} from "../machine/types.ts";

export interface BootMetrics {
  readonly contentType: string;
  /** The exposition. */
  readonly text: () => Promise<string>;
  /** @param bytes of the answer, on the wire. */
  readonly request: (seen: {
    readonly method: string;
    readonly target: string;
    readonly status: number;
    readonly seconds: number;
    readonly bytes: number;
  }) => void;
  readonly selection: (seconds: number) => void;
  readonly storeError: (error: unknown) => void;
  /** A record that changed, as the live fleet tells of it. */
  readonly record: (before: MachineRecord | undefined, after: MachineRecord) => void;
}

export interface BootMetricsOptions {
  /** Asked at each scrape. */
  readonly records: () => readonly MachineRecord[];
  readonly views: () => readonly MachineView[];
  readonly pages: () => number;
}

/** Paths by their own name; anything else is `other`. */
const routes: ReadonlySet<string> = new Set([
  "/",
  "/assets",
  "/boot.ipxe",
  "/boot.ipxe.0",
  "/generic",
  "/grub",
  "/ignition",
  "/ipxe",
  "/metadata",
  "/order",
  "/report",
]);

/** Seconds: from a container's milliseconds to a server whose firmware tests a terabyte of memory. */
const stageBuckets = [0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1200, 1800, 2400, 3600, 7200];

export function openBootMetrics({ records, views, pages }: BootMetricsOptions): BootMetrics {
  const registers = [new Registry()];
  const [registry] = registers as [Registry];
  collectDefaultMetrics({ register: registry });
  // Gauges that are named as counters, which Prometheus' own check refuses.
  for (const name of ["handles", "requests", "resources"])
    registry.removeSingleMetric(`nodejs_active_${name}_total`);
  const requests = new Counter({
    name: "landfall_boot_http_requests_total",
    help: "HTTP requests of machines, by path and status.",
    labelNames: ["route", "status"],
    registers,
  });
  const requestSeconds = new Histogram({
    name: "landfall_boot_http_request_duration_seconds",
    help: "From a request's headers to the end of its answer.",
    labelNames: ["route"],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 1, 5, 30, 120, 600],
    registers,
  });
  const selection = new Histogram({
    name: "landfall_boot_selection_duration_seconds",
    help: "Finding the group of a request.",
    buckets: [1e-6, 2.5e-6, 5e-6, 1e-5, 2.5e-5, 1e-4, 1e-3, 1e-2, 0.1, 1],
    registers,
  });
  const assetBytes = new Counter({
    name: "landfall_boot_asset_bytes_total",
    help: "Bytes of kernels and images that were sent.",
    registers,
  });
  const storeErrors = new Counter({
    name: "landfall_boot_store_errors_total",
    help: "Calls of the store that failed, by their code.",
    labelNames: ["code"],
    registers,
  });
  const stageSeconds = new Histogram({
    name: "landfall_boot_stage_duration_seconds",
    help: "How long machines were in a stage before they reached the next one.",
    labelNames: ["stage"],
    buckets: stageBuckets,
    registers,
  });
  const landingSeconds = new Histogram({
    name: "landfall_boot_install_duration_seconds",
    help: "From a machine's first boot request for an install order to its end.",
    labelNames: ["result"],
    buckets: stageBuckets,
    registers,
  });
  new Gauge({
    name: "landfall_boot_orders",
    help: "Orders of machines, by kind and state; a machine's last order stays.",
    labelNames: ["kind", "state"],
    registers,
    collect() {
      const tally = new Map<string, number>();
      for (const { order } of records()) {
        const name = `${order?.kind} ${order?.state}`;
        tally.set(name, (tally.get(name) ?? 0) + 1);
      }
      for (const kind of orderKinds)
        for (const state of orderStates) this.set({ kind, state }, tally.get(`${kind} ${state}`) ?? 0);
    },
  });
  new Gauge({
    name: "landfall_boot_machines",
    help: "Known machines, by the last stage that they reached; none: no landing is known of them.",
    labelNames: ["stage"],
    registers,
    collect() {
      const tally = Map.groupBy(records(), (record) => record.stages.at(-1)?.stage ?? "none");
      for (const stage of [...stages, "none"] as const) this.set({ stage }, tally.get(stage)?.length ?? 0);
    },
  });
  new Gauge({
    name: "landfall_boot_machines_signal",
    help: "Known machines, by what people are shown: act and look are worth an alert.",
    labelNames: ["signal"],
    registers,
    collect() {
      const tally = Map.groupBy(views(), ({ signal }): Signal => signal);
      for (const signal of signals) this.set({ signal }, tally.get(signal)?.length ?? 0);
    },
  });
  new Gauge({
    name: "landfall_boot_pages_open",
    help: "Live pages that are open.",
    registers,
    collect() {
      this.set(pages());
    },
  });

  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    request: ({ target, status, seconds, bytes }) => {
      const route = routeOf(target);
      requests.inc({ route, status: String(status) });
      requestSeconds.observe({ route }, seconds);
      if (route === "/assets") assetBytes.inc(bytes);
    },
    selection: (seconds) => selection.observe(seconds),
    storeError: (error) => {
      storeErrors.inc({ code: error instanceof LandfallError ? error.code : "internal" });
    },
    record: (before, after) => {
      for (const { stage, seconds } of stageDurations(before, after))
        stageSeconds.observe({ stage }, seconds);
      const ended = installEnded(before, after);
      if (ended !== undefined) landingSeconds.observe({ result: ended.result }, ended.seconds);
    },
  };
}

function routeOf(target: string): string {
  const path = target.split("?", 1)[0] ?? "";
  if (path.startsWith("/assets/")) return "/assets";
  return routes.has(path) ? path : "other";
}

/** Of the stages that ended between the two: how long they took. */
export function stageDurations(
  before: MachineRecord | undefined,
  after: MachineRecord,
): readonly { readonly stage: Stage; readonly seconds: number }[] {
  const known = new Set(before?.stages.map(({ stage, at }) => `${stage} ${at}`));
  return after.stages.flatMap(({ stage, at }, index) => {
    const previous = after.stages[index - 1];
    if (previous === undefined || known.has(`${stage} ${at}`)) return [];
    return [{ stage: previous.stage, seconds: seconds(previous.at, at) }];
  });
}

function installEnded(
  before: MachineRecord | undefined,
  { order }: MachineRecord,
): { readonly result: "done" | "failed"; readonly seconds: number } | undefined {
  const kind: OrderKind = "install";
  if (order?.kind !== kind || order.taken === undefined || order.ended === undefined) return undefined;
  if (order.state !== "done" && order.state !== "failed") return undefined;
  const was = before?.order;
  if (was?.id === order.id && was.state === order.state) return undefined;
  return { result: order.state, seconds: seconds(order.taken, order.ended) };
}

/** Clocks may be set back between two moments. */
function seconds(from: string, to: string): number {
  return Math.max(0, (Date.parse(to) - Date.parse(from)) / 1000);
}
