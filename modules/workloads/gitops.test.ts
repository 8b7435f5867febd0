import { describe, expect, it } from "vitest";
import { chooseServer } from "../kubernetes/index.ts";
import { type GitOps, judge, waitForConditions } from "./gitops.ts";

const ready = { kind: "Kustomization", namespace: "flux", name: "apps", condition: "Ready" };
const healthy = {
  kind: "Application.argoproj.io",
  name: "shop",
  field: "status.health.status",
  value: "Healthy",
};

describe("a condition", () => {
  const conditions = (status: string, more: object = {}) => ({
    metadata: { generation: 3 },
    status: { conditions: [{ type: "Ready", status, ...more }] },
  });
  it.each<[string, typeof ready | typeof healthy, object, boolean, string]>([
    ["holds", ready, conditions("True", { message: "applied" }), true, "Ready is True: applied"],
    ["is false", ready, conditions("False", { reason: "BuildFailed" }), false, "Ready is False: BuildFailed"],
    ["is not there", ready, { status: {} }, false, "has no condition Ready yet"],
    [
      "was judged on an older text",
      ready,
      conditions("True", { observedGeneration: 2 }),
      false,
      "was judged at generation 2, and is at 3",
    ],
    [
      "is a field",
      healthy,
      { status: { health: { status: "Healthy" } } },
      true,
      "status.health.status is Healthy",
    ],
    ["is another field", healthy, { status: {} }, false, "status.health.status is not there"],
  ])("%s", (_, condition, object, holds, evidence) => {
    expect(judge(condition, object)).toMatchObject({ holds, evidence });
  });
});

/** An API whose Kustomization becomes Ready when it is asked for the nth time. */
function green(readyAt: number) {
  let asked = 0;
  const lists: Record<string, object> = {
    "/apis": { groups: [{ name: "fluxcd.io", versions: [{ version: "v1" }] }] },
    "/api/v1": { resources: [] },
    "/apis/apiregistration.k8s.io/v1/apiservices": { items: [] },
    "/apis/fluxcd.io/v1": {
      resources: [
        { name: "kustomizations", kind: "Kustomization", namespaced: true, verbs: ["list", "patch"] },
      ],
    },
  };
  return chooseServer(["https://10.0.0.1:6443"], async (server, { path }) => {
    const [bare = ""] = path.split("?");
    const reply = (status: number, body: object) => ({
      status,
      body: JSON.stringify(body),
      date: undefined,
      server,
    });
    if (bare === "/apis/fluxcd.io/v1/namespaces/flux/kustomizations/apps") {
      asked++;
      if (asked === 1) throw new Error("connect ECONNREFUSED");
      const status = asked >= readyAt ? "True" : "False";
      return reply(200, { status: { conditions: [{ type: "Ready", status }] } });
    }
    return lists[bare] === undefined ? reply(404, {}) : reply(200, lists[bare]);
  });
}

/** A clock that moves only when somebody sleeps. */
function clock() {
  let time = 0;
  return {
    now: () => time,
    sleep: async (milliseconds: number) => {
      time += milliseconds;
    },
  };
}

describe("a cluster that somebody else fills", () => {
  const gitops: GitOps = { conditions: [ready], timeout: 60 };

  it("is waited for, and what changes is told once", async () => {
    const lines: string[] = [];
    const states = await waitForConditions({
      to: green(5),
      gitops,
      onProgress: (line) => lines.push(line),
      ...clock(),
    });
    expect(states.map(({ holds }) => holds)).toEqual([true]);
    expect(lines).toEqual([
      "Kustomization flux/apps Ready: connect ECONNREFUSED",
      "Kustomization flux/apps Ready: Ready is False",
      "Kustomization flux/apps Ready: Ready is True",
    ]);
  });

  it("is given up with what each of the conditions shows", async () => {
    const both: GitOps = { conditions: [ready, healthy], timeout: 60 };
    await expect(waitForConditions({ to: green(3), gitops: both, ...clock() })).rejects.toMatchObject({
      code: "gitops-timeout",
      message: "1 of 2 conditions do not hold in green after 60 s",
      details: { found: "Application.argoproj.io shop status.health.status: green serves no such kind" },
    });
  });
});
