// Asking etcd's members, over their own HTTPS: what gRPC calls KV.Range and Maintenance.Snapshot.
import { ApiError, type ApiOptions, openApi, stream } from "../kubernetes/index.ts";

/** One member of etcd, by the name of its master. */
export interface Member {
  readonly name: string;
  /** `https://HOST:PORT` */
  readonly url: string;
}

export interface EtcdPeer {
  /**
   * etcd's revision, as a quorum agrees on it just now. When the member has answered, it has everything up to there
   * itself: a member that lags behind is found out, or has caught up.
   */
  readonly revision: (member: Member, signal: AbortSignal) => Promise<string>;
  /** What it answers to a request for a snapshot, as it comes. */
  readonly snapshot: (member: Member, signal: AbortSignal) => AsyncIterable<Buffer>;
}

/** @param client certificates of etcd's authority, and the proxy to the machines. */
export function openEtcd(client: Omit<ApiOptions, "servers">): EtcdPeer {
  return {
    async revision({ url }, signal) {
      const api = openApi({ ...client, servers: [url] });
      // Any key will do, there or not: the answer's head is what is asked for. The key is one zero byte.
      const body = JSON.stringify({ key: "AA==", limit: "1", keys_only: true });
      const path = "/v3/kv/range";
      const post = { method: "POST", path, body, contentType: "application/json" } as const;
      const reply = await api.request({ ...post, timeoutMs: 10_000, signal }).finally(api.close);
      if (reply.status !== 200) throw new ApiError(`POST ${path}`, reply);
      const { header } = JSON.parse(reply.body) as { header?: { revision?: unknown } };
      const revision = header?.revision;
      if (typeof revision === "string" && /^\d+$/.test(revision)) return revision;
      throw new Error(`${url} answers without a revision: ${reply.body.slice(0, 200)}`);
    },
    snapshot: ({ url }, signal) =>
      stream({ ...client, server: url, path: "/v3/maintenance/snapshot", body: "{}", signal }),
  };
}
