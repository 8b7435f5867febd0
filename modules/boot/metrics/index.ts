export { countedStore } from "./counted-store.ts";
export { type BootMetrics, type BootMetricsOptions, openBootMetrics, stageDurations } from "./metrics.ts";
