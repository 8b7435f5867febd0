import { describe, expect, it } from "vitest";
import { chooseServer } from "./api.ts";
import { type ApplyOptions, applyManifests } from "./apply.ts";

const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: "demo" } };
const config = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "settings", namespace: "demo" } };
const role = { apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRole", metadata: { name: "demo" } };
const web = { apiVersion: "apps/v1", kind: "DaemonSet", metadata: { name: "web", namespace: "demo" } };

const discovery: Record<string, object> = {
  "/api/v1": {
    resources: [
      { kind: "Namespace", name: "namespaces", namespaced: false },
      { kind: "Namespace", name: "namespaces/status", namespaced: false },
      { kind: "ConfigMap", name: "configmaps", namespaced: true },
    ],
  },
  "/apis/apps/v1": { resources: [{ kind: "DaemonSet", name: "daemonsets", namespaced: true }] },
  "/apis/rbac.authorization.k8s.io/v1": {
    resources: [{ kind: "ClusterRole", name: "clusterroles", namespaced: false }],
  },
};

type Answer = { status: number; message?: string } | Error | undefined;

/** An API that takes everything, but for the first answers that `refusals` has for an object's path. */
function fakeCluster(refusals: Record<string, Answer[]> = {}) {
  const log: string[] = [];
  const send = async (server: string, { method = "GET", path }: { method?: string; path: string }) => {
    const [bare = ""] = path.split("?");
    log.push(`${method} ${path}`);
    const answer = refusals[bare]?.shift();
    if (answer instanceof Error) throw answer;
    const reply = (status: number, body: object) => ({
      status,
      body: JSON.stringify(body),
      date: undefined,
      server,
    });
    if (answer) return reply(answer.status, { message: answer.message ?? "" });
    if (method === "GET") return discovery[bare] ? reply(200, discovery[bare]) : reply(404, {});
    return reply(201, { metadata: { resourceVersion: "7" } });
  };
  return { log, client: chooseServer(["https://10.0.0.1:6443"], send) };
}

/** A clock that moves only when somebody sleeps. */
function clock(): Pick<ApplyOptions, "now" | "sleep"> {
  let time = 0;
  return {
    now: () => time,
    sleep: async (milliseconds) => {
      time += milliseconds;
    },
  };
}

const settings = "/api/v1/namespaces/demo/configmaps/settings";

describe("applyManifests", () => {
  it("applies namespaces first and workloads last, and answers in the order given", async () => {
    const { log, client } = fakeCluster();
    const applied = await applyManifests({ client, manifests: [web, config, role, namespace] });
    expect(applied.map((one) => one.object)).toEqual([
      "DaemonSet demo/web",
      "ConfigMap demo/settings",
      "ClusterRole demo",
      "Namespace demo",
    ]);
    const query = "?fieldManager=landfall&force=true&fieldValidation=Strict";
    const patches = log.filter((line) => line.startsWith("PATCH"));
    expect(patches[0]).toBe(`PATCH /api/v1/namespaces/demo${query}`);
    expect(patches.slice(1, 3).sort()).toEqual(
      [
        `PATCH ${settings}${query}`,
        `PATCH /apis/rbac.authorization.k8s.io/v1/clusterroles/demo${query}`,
      ].sort(),
    );
    expect(patches[3]).toBe(`PATCH /apis/apps/v1/namespaces/demo/daemonsets/web${query}`);
  });

  it("asks for each group of the API once", async () => {
    const { log, client } = fakeCluster();
    await applyManifests({
      client,
      manifests: [namespace, config, { ...config, metadata: { name: "b", namespace: "demo" } }],
    });
    expect(log.filter((line) => line === "GET /api/v1")).toHaveLength(1);
  });

  it.each<[string, Answer]>([
    ["the namespace is not there yet", { status: 404 }],
    ["a conflict", { status: 409 }],
    ["too many requests", { status: 429 }],
    ["etcd has no leader", { status: 500, message: "etcdserver: no leader" }],
    ["unavailable", { status: 503 }],
    ["no connection", new Error("connect ECONNREFUSED")],
    [
      "a namespace that is going",
      {
        status: 403,
        message: "forbidden: unable to create new content in namespace demo because it is being terminated",
      },
    ],
    [
      "a young allocator",
      {
        status: 422,
        message:
          "spec.clusterIPs: failed to allocate IP 10.43.0.10: the provided network does not match the current range",
      },
    ],
  ])("tries again: %s", async (_, refusal) => {
    const { client } = fakeCluster({ [settings]: [refusal, refusal] });
    const applied = await applyManifests({ client, manifests: [config], ...clock() });
    expect(applied).toEqual([{ object: "ConfigMap demo/settings", created: true, resourceVersion: "7" }]);
  });

  it.each<[string, { status: number; message: string }]>([
    ["bad request", { status: 400, message: "strict decoding error" }],
    ["unauthorized", { status: 401, message: "Unauthorized" }],
    ["forbidden", { status: 403, message: "configmaps is forbidden" }],
    ["immutable", { status: 422, message: "field is immutable" }],
    [
      "misspelt",
      { status: 500, message: "failed to create typed patch object: .dta: field not declared in schema" },
    ],
  ])("gives up at once: %s", async (_, refusal) => {
    const { client } = fakeCluster({ [settings]: [refusal] });
    await expect(applyManifests({ client, manifests: [config], ...clock() })).rejects.toMatchObject({
      code: "apply-refused",
      message: `the API refuses ConfigMap demo/settings: apply: ${refusal.status} ${refusal.message}`,
    });
  });

  const allocated = {
    status: 422,
    message: "spec.clusterIPs: failed to allocate IP 10.43.0.10: provided IP is already allocated",
  };
  it.each<[string, Answer]>([
    ["that had no answer", new Error("no answer in time")],
    ["that etcd did not answer", { status: 500, message: "etcdserver: request timed out" }],
  ])("waits for an attempt of its own %s, and has taken the address", async (_, lost) => {
    const { client } = fakeCluster({ [settings]: [lost, allocated, { status: 429 }, allocated] });
    const applied = await applyManifests({ client, manifests: [config], ...clock() });
    expect(applied).toHaveLength(1);
  });

  it("gives up at once where another has the address", async () => {
    const { client } = fakeCluster({ [settings]: [{ status: 429 }, allocated] });
    await expect(applyManifests({ client, manifests: [config], ...clock() })).rejects.toMatchObject({
      code: "apply-refused",
    });
  });

  it("waits for the API and says so once", async () => {
    const down = new Error("connect ECONNREFUSED");
    const { client } = fakeCluster({ "/api/v1": [down, down, down] });
    const lines: string[] = [];
    await applyManifests({ client, manifests: [config], onProgress: (line) => lines.push(line), ...clock() });
    expect(lines).toEqual(["ConfigMap demo/settings: connect ECONNREFUSED"]);
  });

  it("asks anew for a kind that the API does not know yet", async () => {
    const { client } = fakeCluster({ "/apis/apps/v1": [{ status: 404 }, { status: 200 }] });
    const applied = await applyManifests({ client, manifests: [web], ...clock() });
    expect(applied).toHaveLength(1);
  });

  it("ends when time is up, with the last evidence and without having slept past it", async () => {
    const down = Array.from({ length: 100 }, () => ({ status: 503, message: "starting" }));
    const { client } = fakeCluster({ [settings]: down });
    const time = clock();
    await expect(
      applyManifests({ client, manifests: [config], timeoutSeconds: 1, intervalMs: 200, ...time }),
    ).rejects.toMatchObject({ code: "apply-timeout", details: { found: "apply: 503 starting" } });
    expect(time.now?.()).toBe(1000);
  });

  it("ends with the signal's reason", async () => {
    const controller = new AbortController();
    const { client } = fakeCluster({ [settings]: [{ status: 503 }, { status: 503 }] });
    const stopped = applyManifests({
      client,
      manifests: [config],
      signal: controller.signal,
      onProgress: () => controller.abort(new Error("interrupted")),
    });
    await expect(stopped).rejects.toThrow("interrupted");
  });

  it.each([{}, { kind: "Pod" }, { apiVersion: "v1", kind: "Pod", metadata: {} }])(
    "refuses what is no manifest before anything is sent: %j",
    async (manifest) => {
      const { log, client } = fakeCluster();
      await expect(applyManifests({ client, manifests: [config, manifest] })).rejects.toMatchObject({
        code: "manifest-invalid",
      });
      expect(log).toEqual([]);
    },
  );
});
