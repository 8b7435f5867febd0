import { expect, test } from "vitest";
import { loadOf, type Node, type Pod } from "./load.ts";

const node = (name: string, cpu: string, memory: string, tainted = false): Node => ({
  metadata: { name },
  spec: tainted ? { taints: [{ effect: "NoSchedule" }] } : {},
  status: { allocatable: { cpu, memory } },
});

const pod = (nodeName: string, cpu: string, memory: string, more: Partial<Pod["metadata"]> = {}): Pod => ({
  metadata: more,
  spec: { nodeName, containers: [{ resources: { requests: { cpu, memory } } }] },
  status: { phase: "Running" },
});

test("what moves is asked for, what belongs to a machine is taken from what it offers", () => {
  const { sizes, demands } = loadOf(
    [node("w1", "4", "8Gi"), node("w2", "3900m", "8Gi"), node("g1", "8", "32Gi", true)],
    [
      pod("w1", "500m", "1Gi"),
      pod("w2", "1", "1Gi"),
      pod("w2", "100m", "128Mi", { ownerReferences: [{ kind: "DaemonSet" }] }),
      pod("w1", "200m", "64Mi", { annotations: { "kubernetes.io/config.mirror": "x" } }),
      pod("g1", "6", "20Gi"),
      { ...pod("w1", "4", "4Gi"), status: { phase: "Succeeded" } },
    ],
    (machine) => (machine.startsWith("g") ? "gpu" : "workers"),
  );
  expect(Object.fromEntries(sizes)).toEqual({
    w1: { cpu: 3800, memory: 8 * 2 ** 30 - 64 * 2 ** 20 },
    w2: { cpu: 3800, memory: 8 * 2 ** 30 - 128 * 2 ** 20 },
    g1: { cpu: 8000, memory: 32 * 2 ** 30 },
  });
  expect(demands).toEqual([
    { cpu: 1500, memory: 2 * 2 ** 30 },
    { pool: "gpu", cpu: 6000, memory: 20 * 2 ** 30 },
  ]);
});
