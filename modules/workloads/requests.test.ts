import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { KubeObject } from "./objects.ts";
import { podRequests, quantity, workloadRequests } from "./requests.ts";

describe("a quantity", () => {
  it.each([
    ["250m", 0.25],
    ["1", 1],
    ["0.5", 0.5],
    ["64Mi", 64 * 2 ** 20],
    ["1G", 1e9],
    ["2Ti", 2 * 2 ** 40],
    ["100k", 100_000],
    ["12e6", 12_000_000],
    ["many", undefined],
    ["1 Gi", undefined],
  ])("%s is %s", (text, value) => {
    expect(quantity(text)).toBe(value);
  });

  it("of thousandths comes back as it was", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10_000_000 }), (cpu) => {
        const spec = { containers: [{ resources: { requests: { cpu: `${cpu}m` } } }] };
        expect(podRequests(spec).cpuMillis).toBe(cpu);
      }),
    );
  });
});

const asks = (cpu: string, memory: string, more: object = {}) => ({
  resources: { requests: { cpu, memory } },
  ...more,
});

describe("what a pod asks for", () => {
  it("is its containers together, or its largest init container, and its overhead", () => {
    const spec = {
      containers: [asks("100m", "10Mi"), asks("200m", "20Mi")],
      initContainers: [asks("1", "5Mi")],
      overhead: { cpu: "50m" },
    };
    expect(podRequests(spec)).toEqual({ cpuMillis: 1050, memoryBytes: 30 * 2 ** 20, pods: 1 });
  });

  it("counts init containers that go on as running, and limits where no request is written", () => {
    const spec = {
      containers: [{ resources: { limits: { cpu: "1", memory: "1Gi" }, requests: { memory: "64Mi" } } }],
      initContainers: [asks("100m", "1Mi", { restartPolicy: "Always" })],
    };
    expect(podRequests(spec)).toEqual({ cpuMillis: 1100, memoryBytes: 65 * 2 ** 20, pods: 1 });
  });
});

describe("what workloads ask for", () => {
  const workload = (apiVersion: string, kind: string, spec: object): KubeObject => ({
    apiVersion,
    kind,
    metadata: { name: "x" },
    spec,
  });
  const template = { spec: { containers: [asks("100m", "10Mi")] } };

  it("is as many times a pod as they keep, with DaemonSets apart", () => {
    const found = workloadRequests([
      workload("apps/v1", "Deployment", { replicas: 3, template }),
      workload("apps/v1", "StatefulSet", { template }),
      workload("batch/v1", "CronJob", { jobTemplate: { spec: { template } } }),
      workload("batch/v1", "CronJob", { suspend: true, jobTemplate: { spec: { template } } }),
      workload("apps/v1", "DaemonSet", { template }),
      workload("v1", "ConfigMap", {}),
    ]);
    expect(found.total).toEqual({ cpuMillis: 500, memoryBytes: 50 * 2 ** 20, pods: 5 });
    expect(found.perNode).toEqual({ cpuMillis: 100, memoryBytes: 10 * 2 ** 20, pods: 1 });
    expect(found.largest.cpuMillis).toBe(100);
  });
});
