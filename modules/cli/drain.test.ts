import { describe, expect, it } from "vitest";
import type { Api, ApiRequest } from "../kubernetes/index.ts";
import { drain } from "./drain.ts";

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
