import { type Api, reason } from "../../kubernetes/index.ts";
import type { MachinePlan } from "../../plan/index.ts";
import { type Condition, everyOne, type Problem } from "../condition.ts";
import { apiServerUrl, etcdUrl, masters } from "../servers.ts";
import { ready } from "./readyz.ts";

/**
 * Each apiserver uses its own machine's member alone, and asks it for a linearizable read: it succeeds only if that
 * member serves, and is in touch with a quorum. With a client of etcd's own, members are asked for alarms, and for
 * who they think they all are.
 */
export const etcd: Condition = {
  name: "etcd",
  describe: "every member of etcd is healthy, and they have a quorum",
  next: "A member that was lost for good is removed before its successor joins; see the etcd containers' logs on the named machines.",
  async check({ plan, api, etcd }, signal) {
    const machines = masters(plan);
    const names = machines.map((machine) => machine.name);
    const found = await Promise.all(
      machines.map(async (master): Promise<readonly Problem[]> => {
        const problem = await ready(api.only(apiServerUrl(master)), "/readyz/etcd", signal);
        if (problem?.silent) return [{ ...problem, who: master.name }];
        if (problem)
          return [{ who: master.name, what: `its apiserver reports no healthy etcd: ${problem.what}` }];
        return etcd ? member(etcd, master, names, signal) : [];
      }),
    );
    return everyOne(found.flat(), `${names.length} of ${names.length} members healthy: ${names.join(", ")}`);
  },
};

async function member(
  etcd: Api,
  master: MachinePlan,
  planned: readonly string[],
  signal: AbortSignal | undefined,
): Promise<readonly Problem[]> {
  const who = master.name;
  const own = etcd.only(etcdUrl(master));
  try {
    const [health, list] = await Promise.all([
      own.request({ path: "/health", timeoutMs: 3000, signal }),
      own.request({ method: "POST", path: "/v3/cluster/member/list", body: "{}", timeoutMs: 3000, signal }),
    ]);
    const problems: Problem[] = [];
    if (health.status !== 200) problems.push({ who, what: health.body.trim().slice(0, 200) });
    const { members = [] } = JSON.parse(list.body) as {
      members?: readonly { name?: string; isLearner?: boolean }[];
    };
    const voting = members.filter((one) => !one.isLearner).map((one) => one.name ?? "");
    if (voting.toSorted().join() !== planned.toSorted().join()) {
      problems.push({ who, what: `counts as members: ${voting.join(", ") || "nobody"}` });
    }
    return problems;
  } catch (error) {
    return [{ who, what: reason(error), silent: true }];
  }
}
