// The cluster's API as a person reaches it: by the kubeconfig's endpoint, through its proxy. A connection for each
// request, so that none hides behind one that was there before.
import { request } from "node:https";
import { checkServerIdentity } from "node:tls";
import { HttpsProxyAgent } from "https-proxy-agent";
import { parse } from "yaml";

/** Default: the administrator. */
export type As =
  | "admin"
  | "nobody"
  | { readonly token: string }
  | { readonly cert: string; readonly key: string };

export interface Ask {
  readonly as?: As;
  readonly method?: "GET" | "POST" | "DELETE";
  readonly body?: object;
  /** `https://HOST:PORT`. Default: the kubeconfig's endpoint. */
  readonly server?: string;
  /** Default: 5000. */
  readonly timeoutMs?: number;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
}

interface Kubeconfig {
  readonly clusters: readonly {
    readonly cluster: {
      readonly server: string;
      readonly "certificate-authority-data": string;
      readonly "proxy-url"?: string;
    };
  }[];
  readonly users: readonly {
    readonly user: { readonly "client-certificate-data": string; readonly "client-key-data": string };
  }[];
}

export class Api {
  readonly #server: string;
  readonly #ca: Buffer;
  readonly #admin: { readonly cert: Buffer; readonly key: Buffer };
  readonly #proxy: string | undefined;

  constructor(kubeconfig: string) {
    const { clusters, users } = parse(kubeconfig) as Kubeconfig;
    const { cluster } = clusters[0]!;
    const { user } = users[0]!;
    const decode = (text: string) => Buffer.from(text, "base64");
    this.#server = cluster.server;
    this.#ca = decode(cluster["certificate-authority-data"]);
    this.#admin = { cert: decode(user["client-certificate-data"]), key: decode(user["client-key-data"]) };
    this.#proxy = cluster["proxy-url"];
  }

  /** Any status is an answer; rejects if none came. */
  ask(
    path: string,
    { as = "admin", method = "GET", body, server, timeoutMs = 5000 }: Ask = {},
  ): Promise<Answer> {
    const identity = as === "admin" ? this.#admin : typeof as === "object" && "cert" in as ? as : {};
    const authorization =
      typeof as === "object" && "token" in as ? { authorization: `Bearer ${as.token}` } : {};
    const signal = AbortSignal.timeout(timeoutMs);
    const url = new URL(path, server ?? this.#server);
    return new Promise((resolve, reject) => {
      const outgoing = request(
        url,
        {
          method,
          ca: this.#ca,
          // Behind a proxy Node takes "localhost" for the name to check.
          checkServerIdentity: (_, certificate) => checkServerIdentity(url.hostname, certificate),
          ...identity,
          headers: { ...authorization, ...(body && { "content-type": "application/json" }) },
          ...(this.#proxy === undefined ? { agent: false } : { agent: new HttpsProxyAgent(this.#proxy) }),
          signal,
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          response.on("error", reject);
          response.on("end", () =>
            resolve({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }),
          );
        },
      );
      outgoing.on("error", reject);
      // While the proxy's agent is still connecting, the request itself does not heed its signal.
      signal.addEventListener("abort", () => reject(signal.reason));
      outgoing.end(body && JSON.stringify(body));
    });
  }

  /** @throws Error on any status but 200. */
  async get<T>(path: string): Promise<T> {
    const { status, body } = await this.ask(path);
    if (status !== 200) throw new Error(`${path} answered ${status}: ${body.slice(0, 300)}`);
    return JSON.parse(body) as T;
  }

  /** @throws Error unless it was created. */
  async create(path: string, object: object): Promise<void> {
    const { status, body } = await this.ask(path, { method: "POST", body: object });
    if (status !== 201) throw new Error(`POST ${path} answered ${status}: ${body.slice(0, 300)}`);
  }
}

interface NodeList {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly status: { readonly conditions: readonly { readonly type: string; readonly status: string }[] };
  }[];
}

interface LeaseList {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly spec: { readonly renewTime: string };
  }[];
}

/** Names of all nodes. */
export async function nodeNames(api: Api): Promise<string[]> {
  return (await api.get<NodeList>("/api/v1/nodes")).items.map(({ metadata }) => metadata.name).sort();
}

/** Names of nodes that are Ready, and of which the cluster has heard since `since` (what is written there may be old). */
export async function readyNodes(api: Api, since = new Date(0)): Promise<string[]> {
  const [nodes, leases] = await Promise.all([
    api.get<NodeList>("/api/v1/nodes"),
    api.get<LeaseList>("/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases"),
  ]);
  const heard = new Set(
    leases.items
      .filter(({ spec }) => Date.parse(spec.renewTime) > since.getTime())
      .map(({ metadata }) => metadata.name),
  );
  return nodes.items
    .filter(({ status }) =>
      status.conditions.some(({ type, status: is }) => type === "Ready" && is === "True"),
    )
    .map(({ metadata }) => metadata.name)
    .filter((name) => heard.has(name))
    .sort();
}
