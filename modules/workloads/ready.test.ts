import { expect, test } from "vitest";
import { notReady, type Workload, type Workloads } from "./ready.ts";

const deployment = (replicas: number, ready: number, more: Partial<Workload["status"]> = {}): Workload => ({
  metadata: { name: "web", namespace: "shop", generation: 1 },
  spec: { replicas },
  status: { observedGeneration: 1, readyReplicas: ready, updatedReplicas: replicas, ...more },
});
const only = (...deployments: Workload[]): Workloads => ({ deployments, statefulsets: [], daemonsets: [] });

test.each([
  ["all pods", only(deployment(2, 2)), only(deployment(2, 2)), []],
  ["one pod of two", only(deployment(2, 2)), only(deployment(2, 1)), ["deployment shop/web: 1 of 2"]],
  [
    "what no controller has looked at yet",
    only(deployment(2, 2)),
    only(deployment(2, 2, { observedGeneration: 0 })),
    ["deployment shop/web: 0 of 2"],
  ],
  ["what is broken in blue too", only(deployment(3, 1)), only(deployment(3, 1)), []],
  [
    "what was stopped in blue and moved",
    only(deployment(0, 0)),
    only(deployment(1, 0)),
    ["deployment shop/web: 0 of 1"],
  ],
  ["what only green has", only(), only(deployment(1, 0)), []],
])("%s", (_, blue, green, missing) => {
  expect(notReady(blue, green)).toEqual(missing);
});

test("a DaemonSet that nobody has counted yet is not ready", () => {
  const daemon = (status: Workload["status"]): Workloads => ({
    ...only(),
    daemonsets: [{ metadata: { name: "logs", namespace: "ops", generation: 1 }, status: status ?? {} }],
  });
  const blue = daemon({ observedGeneration: 1, desiredNumberScheduled: 3, numberReady: 3 });
  expect(notReady(blue, daemon({}))).toEqual(["daemonset ops/logs: 0 of 1"]);
  expect(
    notReady(blue, daemon({ observedGeneration: 1, desiredNumberScheduled: 2, numberReady: 1 })),
  ).toEqual(["daemonset ops/logs: 1 of 2"]);
  expect(
    notReady(blue, daemon({ observedGeneration: 1, desiredNumberScheduled: 2, numberReady: 2 })),
  ).toEqual([]);
});
