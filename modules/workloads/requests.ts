// What workloads ask of machines.
import { at, type Fields, fieldsOf, type KubeObject, kindOf, listOf, numberAt, textAt } from "./objects.ts";

export interface Requests {
  /** Thousandths of a core. */
  readonly cpuMillis: number;
  readonly memoryBytes: number;
  readonly pods: number;
}

export interface WorkloadRequests {
  /** Of all workloads together, but for DaemonSets. */
  readonly total: Requests;
  /** Of DaemonSets, on each machine that they run on. */
  readonly perNode: Requests;
  /** Of the largest pod: the room that one machine must have. */
  readonly largest: Requests;
}

const none: Requests = { cpuMillis: 0, memoryBytes: 0, pods: 0 };

/** `workloads`: objects that hold pods; others count for nothing. */
export function workloadRequests(workloads: readonly KubeObject[]): WorkloadRequests {
  let [total, perNode, largest] = [none, none, none];
  for (const workload of workloads) {
    const pod = podRequests(podSpec(workload));
    const count = replicasOf(workload);
    if (kindOf(workload) === "DaemonSet.apps") perNode = sum(perNode, pod);
    else total = sum(total, times(pod, count));
    if (count > 0) largest = most(largest, pod);
  }
  return { total, perNode, largest };
}

/** Of one pod, as the scheduler counts: containers together, or the largest init container, and the overhead. */
export function podRequests(spec: Fields): Requests {
  const of = (container: unknown) => requestsOf(fieldsOf(at(container, "resources")));
  const inits = listOf(spec.initContainers);
  // Init containers that go on beside the others.
  const sidecars = inits.filter((container) => textAt(container, "restartPolicy") === "Always");
  const running = [...listOf(spec.containers), ...sidecars].map(of).reduce(sum, none);
  const starting = inits
    .filter((container) => !sidecars.includes(container))
    .map((container) => sum(of(container), sidecars.map(of).reduce(sum, none)))
    .reduce(most, none);
  const overhead = quantities(fieldsOf(spec.overhead));
  return { ...sum(most(running, starting), overhead), pods: 1 };
}

/** Limits count where no request is written. */
function requestsOf({ requests, limits }: Fields): Requests {
  return quantities({ ...fieldsOf(limits), ...fieldsOf(requests) });
}

function quantities({ cpu, memory }: Fields): Requests {
  return {
    // 1.1 is 1100 thousandths, and not what is left of it in binary.
    cpuMillis: Math.ceil(Number(((quantity(String(cpu ?? "0")) ?? 0) * 1000).toFixed(3))),
    memoryBytes: Math.ceil(Number((quantity(String(memory ?? "0")) ?? 0).toFixed(3))),
    pods: 0,
  };
}

const suffixes: Readonly<Record<string, number>> = {
  ...{ n: 1e-9, u: 1e-6, m: 1e-3, "": 1, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15, E: 1e18 },
  ...{ Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50, Ei: 2 ** 60 },
};

/** A Kubernetes quantity as a number: `250m` is 0.25; undefined for what is none. */
export function quantity(text: string): number | undefined {
  const [, number = "", suffix = ""] =
    /^([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)([numkMGTPE]|[KMGTPE]i)?$/.exec(text) ?? [];
  const factor = suffixes[suffix];
  return number === "" || factor === undefined ? undefined : Number(number) * factor;
}

/** Of a pod, or of what makes pods. */
export function podSpec(workload: KubeObject): Fields {
  switch (kindOf(workload)) {
    case "Pod":
      return fieldsOf(workload.spec);
    case "CronJob.batch":
      return fieldsOf(at(workload, "spec", "jobTemplate", "spec", "template", "spec"));
    default:
      return fieldsOf(at(workload, "spec", "template", "spec"));
  }
}

/** How many pods it keeps; those of CronJobs and Jobs come and go, and are counted as running. */
function replicasOf(workload: KubeObject): number {
  switch (kindOf(workload)) {
    case "Pod":
      return 1;
    case "Job.batch":
      return at(workload, "spec", "suspend") === true ? 0 : (numberAt(workload, "spec", "parallelism") ?? 1);
    case "CronJob.batch":
      return at(workload, "spec", "suspend") === true
        ? 0
        : (numberAt(workload, "spec", "jobTemplate", "spec", "parallelism") ?? 1);
    case "Deployment.apps":
    case "StatefulSet.apps":
    case "ReplicaSet.apps":
    case "ReplicationController":
      return numberAt(workload, "spec", "replicas") ?? 1;
    default:
      return kindOf(workload) === "DaemonSet.apps" ? 1 : 0;
  }
}

function sum(a: Requests, b: Requests): Requests {
  return {
    cpuMillis: a.cpuMillis + b.cpuMillis,
    memoryBytes: a.memoryBytes + b.memoryBytes,
    pods: a.pods + b.pods,
  };
}

function times(a: Requests, count: number): Requests {
  return { cpuMillis: a.cpuMillis * count, memoryBytes: a.memoryBytes * count, pods: a.pods * count };
}

function most(a: Requests, b: Requests): Requests {
  return {
    cpuMillis: Math.max(a.cpuMillis, b.cpuMillis),
    memoryBytes: Math.max(a.memoryBytes, b.memoryBytes),
    pods: Math.max(a.pods, b.pods),
  };
}
