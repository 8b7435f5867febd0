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
    expect(await drain(api, "w1", 60, never)).toBe(0);
    expect(requests[0]).toBe("PATCH /api/v1/nodes/w1");
    expect([...left.keys()]).toEqual(["proxy", "etcd"]);
  });

  it("says how many did not leave in time", async () => {
    const { api } = cluster([pod("web"), pod("db")], ["db"]);
    expect(await drain(api, "w1", 0, never)).toBeGreaterThan(0);
  });

  it("has nothing to do for a node that never came", async () => {
    const api = apiOf(async () => ({ status: 404, body: "", date: undefined, server: "" }));
    expect(await drain(api, "w1", 60, never)).toBe(0);
  });
});
