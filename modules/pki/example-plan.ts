// A plan for the tests of this module.
import { certificateRequests, type MachinePlan, type Plan } from "../plan/index.ts";
import { testMachine, testPlan } from "../plan/testing.ts";

/** `masters` masters and `workers` workers of the cluster lab-v1. */
export function examplePlan(masters = 3, workers = 2): Plan {
  const machines = [
    ...Array.from({ length: masters }, (_, index) => machine(`m${index + 1}`, "master", index)),
    ...Array.from({ length: workers }, (_, index) => machine(`w${index + 1}`, "worker", masters + index)),
  ];
  const endpoint = { address: "10.77.0.100", port: 6443, names: ["api.lab.example", "fd00:77::64"] };
  const plan = testPlan({ machines, endpoint, proxy: "http://127.0.0.1:3128" });
  return { ...plan, certificates: certificateRequests(plan) };
}

function machine(name: string, role: "master" | "worker", index: number): MachinePlan {
  const [high, low] = [Math.floor((index + 11) / 250), (index + 11) % 250];
  return testMachine({ name, role, address: `10.77.${high}.${low}`, prefix: 16 });
}
