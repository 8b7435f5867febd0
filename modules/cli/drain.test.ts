import { describe, expect, it } from "vitest";
import type { Api, ApiRequest } from "../kubernetes/index.ts";
import { deleteNode, drain, forgetPods } from "./drain.ts";

const pod = (name: string, more: object = {}) => ({
  metadata: { name, namespace: "demo", ...more },
  status: { phase: "Running" },
});

const apiOf = (request: Api["request"]): Api => {
  const api: Api = { servers: [], close: async () => {}, request, only: () => api };
  return api;
};

/** An API with these pods on the node; an eviction takes a pod away, but for those that a budget protects. */
function cluster(pods: ReturnType<typeof pod>[], guarded: readonly string[] = []) {
  const left = new Map(pods.map((each) => [each.metadata.name, each]));
  const requests: string[] = [];
  const api = apiOf(async ({ method = "GET", path }: ApiRequest) => {
    requests.push(`${method} ${path}`);
    const evicted = /pods\/([^/]+)\/eviction$/.exec(path)?.[1];
    const refused = evicted !== undefined && guarded.includes(evicted);
    if (evicted !== undefined && !refused) left.delete(evicted);
    return {
      status: refused ? 429 : 200,
      body: JSON.stringify({ items: [...left.values()] }),
      date: undefined,
      server: "",
    };
  });
  return { api, requests, left };
}

const never = new AbortController().signal;

describe("draining a node", () => {
  it("cordons it first, then evicts what can run elsewhere", async () => {
    const { api, requests, left } = cluster([
      pod("web"),
      pod("proxy", { ownerReferences: [{ kind: "DaemonSet" }] }),
      pod("etcd", { annotations: { "kubernetes.io/config.mirror": "x" } }),
    ]);
    expect(await drain(api, "w1", 60, never)).toEqual([]);
    expect(requests[0]).toBe("PATCH /api/v1/nodes/w1");
    expect([...left.keys()]).toEqual(["proxy", "etcd"]);
  });

  it("says which did not leave in time, and which of them are ending", async () => {
    const stuck = { deletionTimestamp: "2026-01-02T03:04:05Z" };
    const { api } = cluster([pod("web"), pod("db"), pod("gone", stuck)], ["db", "gone"]);
    expect(await drain(api, "w1", 0, never)).toEqual(
      expect.arrayContaining([
        { pod: "demo/db", ending: false },
        { pod: "demo/gone", ending: true },
      ]),
    );
  });

  it("does not wait for what cannot be heard of: pods that are ending on a machine without power", async () => {
    const { api } = cluster([pod("gone", { deletionTimestamp: "2026-01-02T03:04:05Z" })], ["gone"]);
    expect(await drain(api, "w1", 60, never, true)).toEqual([]);
  });

  it("fails when the API refuses to cordon it", async () => {
    const api = apiOf(async () => ({ status: 403, body: "", date: undefined, server: "" }));
    await expect(drain(api, "w1", 60, never)).rejects.toThrow("403");
  });

  it("has nothing to do for a node that never came", async () => {
    const api = apiOf(async () => ({ status: 404, body: "", date: undefined, server: "" }));
    expect(await drain(api, "w1", 60, never)).toEqual([]);
  });
});

describe("a machine without power", () => {
  const pods = () => [
    pod("proxy", { ownerReferences: [{ kind: "DaemonSet" }] }),
    pod("etcd", { annotations: { "kubernetes.io/config.mirror": "x" } }),
    pod("gone", { deletionTimestamp: "2026-01-02T03:04:05Z" }),
  ];

  it("has no pods: each is deleted without waiting for its node's word", async () => {
    const asked: ApiRequest[] = [];
    const api = apiOf(async (request) => {
      asked.push(request);
      const status = request.path.endsWith("/gone") ? 404 : 200;
      return { status, body: JSON.stringify({ items: pods() }), date: undefined, server: "" };
    });
    await forgetPods(api, "w1", never);
    const deleted = asked.filter(({ method }) => method === "DELETE");
    expect(deleted.map(({ path }) => path)).toEqual(
      ["proxy", "etcd", "gone"].map((name) => `/api/v1/namespaces/demo/pods/${name}`),
    );
    for (const { body } of deleted) expect(JSON.parse(body!)).toMatchObject({ gracePeriodSeconds: 0 });
  });

  it("is no node, and its pods go after it, when nobody makes them anew", async () => {
    const { api, requests } = cluster(pods());
    await deleteNode(api, "w1", never);
    expect(requests.filter((request) => request.startsWith("DELETE"))).toEqual([
      "DELETE /api/v1/nodes/w1",
      ...["proxy", "etcd", "gone"].map((name) => `DELETE /api/v1/namespaces/demo/pods/${name}`),
    ]);
  });

  it("is told of when the API does not let a pod go", async () => {
    const api = apiOf(async ({ method }) => ({
      status: method === "DELETE" ? 403 : 200,
      body: JSON.stringify({ items: pods() }),
      date: undefined,
      server: "",
    }));
    await expect(forgetPods(api, "w1", never)).rejects.toThrow("403 to the end of the pod demo/");
  });
});
