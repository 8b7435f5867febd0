// applyManifests and the client against a real kube-apiserver and etcd, on loopback, with throw-away certificates.
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { createServer as createHttpServer, type Server as HttpServer } from "node:http";
import { type AddressInfo, connect, createServer, type Server } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { probeManifests } from "../health/index.ts";
import type { Plan } from "../plan/index.ts";
import { buildTool, runProcess } from "../release/index.ts";
import { addons } from "./addons/index.ts";
import { type Api, getJson, openApi, reason } from "./api.ts";
import { type Applied, applyManifests } from "./apply.ts";
import { apiServerFlags, etcdFlags, freePorts, makeCertificates } from "./testing.ts";

/** Where set-up has built them; else they are built now, which takes minutes. */
const build = (name: "etcd" | "kube-apiserver") =>
  buildTool(name, {
    cacheDir: process.env.LANDFALL_CACHE ?? join(homedir(), ".cache", "landfall"),
    run: runProcess,
  });

const manifests = [
  {
    apiVersion: "apps/v1",
    kind: "DaemonSet",
    metadata: { name: "web", namespace: "demo" },
    spec: {
      selector: { matchLabels: { app: "web" } },
      template: {
        metadata: { labels: { app: "web" } },
        spec: { containers: [{ name: "web", image: "landfall.local/web:v1" }] },
      },
    },
  },
  {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "dns", namespace: "kube-system" },
    spec: { clusterIP: "10.43.0.10", ports: [{ name: "dns", port: 53, protocol: "UDP" }] },
  },
  { apiVersion: "example.test/v1", kind: "Widget", metadata: { name: "one" }, spec: { size: 3 } },
  {
    apiVersion: "apiextensions.k8s.io/v1",
    kind: "CustomResourceDefinition",
    metadata: { name: "widgets.example.test" },
    spec: {
      group: "example.test",
      scope: "Cluster",
      names: { plural: "widgets", singular: "widget", kind: "Widget" },
      versions: [
        {
          name: "v1",
          served: true,
          storage: true,
          schema: {
            openAPIV3Schema: {
              type: "object",
              properties: { spec: { type: "object", properties: { size: { type: "integer" } } } },
            },
          },
        },
      ],
    },
  },
  {
    apiVersion: "v1",
    kind: "ConfigMap",
    metadata: { name: "settings", namespace: "demo" },
    data: { colour: "green" },
  },
  {
    apiVersion: "rbac.authorization.k8s.io/v1",
    kind: "ClusterRole",
    metadata: { name: "demo" },
    rules: [{ apiGroups: [""], resources: ["nodes"], verbs: ["get"] }],
  },
  { apiVersion: "v1", kind: "Namespace", metadata: { name: "demo" } },
];

describe("server-side apply on a real apiserver", () => {
  let directory: string;
  let proxy: HttpServer;
  let tunnels = 0;
  let client: Api;
  const children: ChildProcess[] = [];
  const died = new AbortController();
  const apply = (list: readonly object[] = manifests) =>
    applyManifests({ client, manifests: list, timeoutSeconds: 90, signal: died.signal });

  const pem = (file: string) => readFileSync(join(directory, file), "utf8");
  const options = () => ({
    ca: pem("ca.crt"),
    cert: pem("admin.crt"),
    key: pem("admin.key"),
    proxy: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
  });

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), "landfall-apply-"));
    const [etcdPort, peerPort, apiPort, deadPort] = (await freePorts(4)) as [number, number, number, number];
    makeCertificates({ directory, address: "127.0.0.1" });
    proxy = await connectProxy(() => tunnels++);
    client = openApi({
      ...options(),
      servers: [`https://127.0.0.1:${deadPort}`, `https://127.0.0.1:${apiPort}`],
    });
    const [etcd, apiServer] = [await build("etcd"), await build("kube-apiserver")];
    children.push(
      start("etcd", etcd, etcdFlags(directory, [etcdPort, peerPort])),
      start("kube-apiserver", apiServer, [
        ...apiServerFlags({ directory, address: "127.0.0.1", port: apiPort, etcdPort }),
        "--allow-privileged=true",
      ]),
    );
  }, 1_800_000);

  afterAll(async () => {
    await client?.close();
    proxy?.closeAllConnections();
    proxy?.close();
    await Promise.all(
      children.map(
        (child) =>
          new Promise((resolve) => {
            child.removeAllListeners("exit").once("exit", resolve);
            if (!child.kill("SIGKILL")) resolve(undefined);
          }),
      ),
    );
    rmSync(directory, { recursive: true, force: true });
  });

  function start(name: string, program: string, parameters: string[]): ChildProcess {
    const file = join(directory, `${name}.log`);
    const log = openSync(file, "w");
    const child = spawn(program, parameters, {
      cwd: directory,
      stdio: ["ignore", log, log],
    });
    closeSync(log);
    child.once("exit", () =>
      died.abort(new Error(`${name} ended: ${readFileSync(file, "utf8").slice(-1000)}`)),
    );
    return child;
  }

  const versions = ({ object, resourceVersion }: Applied) => [object, resourceVersion];

  it("applies while the apiserver is still starting, in whatever order the manifests are given", async () => {
    const applied = await apply();
    expect(applied.map((one) => one.object)).toEqual([
      "DaemonSet demo/web",
      "Service kube-system/dns",
      "Widget one",
      "CustomResourceDefinition widgets.example.test",
      "ConfigMap demo/settings",
      "ClusterRole demo",
      "Namespace demo",
    ]);
    expect(applied.every((one) => one.created)).toBe(true);
    expect(tunnels).toBeGreaterThan(0);
  });

  it("changes nothing when applied again", async () => {
    const before = await apply();
    const after = await apply();
    expect(after).toEqual(before);
    expect(after.some((one) => one.created)).toBe(false);
  });

  it("brings back what was deleted, and touches nothing else", async () => {
    const before = await apply();
    await client.request({ method: "DELETE", path: "/api/v1/namespaces/demo/configmaps/settings" });
    const after = await apply();
    expect(after.filter((one) => one.created).map((one) => one.object)).toEqual(["ConfigMap demo/settings"]);
    expect(after.filter((one, index) => one.resourceVersion !== before[index]?.resourceVersion)).toHaveLength(
      1,
    );
  });

  it("takes back a field that another manager changed, and leaves what others added", async () => {
    const path = "/api/v1/namespaces/demo/configmaps/settings";
    const patched = await client.request({
      method: "PATCH",
      path: `${path}?fieldManager=somebody&force=true`,
      contentType: "application/apply-patch+yaml",
      body: JSON.stringify({
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "settings" },
        data: { colour: "red", theirs: "kept" },
      }),
    });
    expect(patched.status).toBe(200);
    await apply();
    const { value, date } = await getJson<{ data: Record<string, string> }>(client, path);
    expect(value.data).toEqual({ colour: "green", theirs: "kept" });
    expect(Math.abs((date?.getTime() ?? 0) - Date.now())).toBeLessThan(5000);
  });

  it("takes everything that a cluster is given, and changes nothing the second time", async () => {
    const network = {
      pods: "10.42.0.0/16",
      services: "10.43.0.0/16",
      apiService: "10.43.0.1",
      dnsService: "10.43.0.53",
      domain: "cluster.local",
    };
    const images = Object.fromEntries(
      ["kube-router", "kube-proxy", "coredns"].map((name) => [name, `landfall.local/${name}:v1`]),
    );
    const everything = [
      ...addons({ plan: { network } as Plan, images }),
      ...probeManifests({ plan: { network }, image: "landfall.local/web:v1" }),
    ];
    const first = await apply(everything);
    expect(first).toHaveLength(everything.length);
    expect((await apply(everything)).map(versions)).toEqual(first.map(versions));
  });

  it("is reached directly too, and only if its certificate is the right authority's and covers the address", async () => {
    const server = client.servers.at(-1) ?? "";
    const [, port] = server.split("127.0.0.1:");
    const ask = async (servers: string[], ca = pem("ca.crt")) => {
      const api = openApi({ servers, ca, cert: pem("admin.crt"), key: pem("admin.key") });
      return api.request({ path: "/version" }).finally(api.close);
    };
    expect((await ask([server])).status).toBe(200);
    await expect(ask([server], pem("stranger.crt"))).rejects.toThrow(
      /unable to verify|self-signed|signature/,
    );
    await expect(ask([`https://localhost:${port}`])).rejects.toThrow(/altnames/);
    const throughProxy = openApi({ ...options(), servers: [`https://localhost:${port}`] });
    await expect(throughProxy.request({ path: "/version" })).rejects.toThrow(/altnames/);
    await throughProxy.close();
  });

  it("gives up on a server that takes connections and never answers", async () => {
    const mute = await listening(createServer());
    const api = openApi({
      ...options(),
      servers: [`https://127.0.0.1:${(mute.address() as AddressInfo).port}`],
    });
    const begun = performance.now();
    const error = await api.request({ path: "/version", timeoutMs: 300 }).catch((error: unknown) => error);
    expect(reason(error)).toBe("no answer in time");
    expect(performance.now() - begun).toBeLessThan(1000);
    await api.close();
    mute.close();
  });

  it("refuses a misspelt field at once, with the API's own words", async () => {
    const typo = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "typo" }, dta: {} };
    await expect(apply([typo])).rejects.toMatchObject({
      code: "apply-refused",
      message: expect.stringContaining(".dta: field not declared in schema"),
    });
  });
});

function connectProxy(onTunnel: () => void): Promise<HttpServer> {
  const server = createHttpServer();
  server.on("connect", (request, downstream) => {
    onTunnel();
    const { hostname, port } = new URL(`http://${request.url}`);
    const upstream = connect(Number(port), hostname, () => {
      downstream.write("HTTP/1.1 200 Connection established\r\n\r\n");
      upstream.pipe(downstream).pipe(upstream);
    });
    const end = () => {
      upstream.destroy();
      downstream.destroy();
    };
    upstream.on("error", () => {
      downstream.write("HTTP/1.1 502 Bad Gateway\r\n\r\n");
      end();
    });
    downstream.on("error", end);
  });
  return listening(server);
}

function listening<T extends Server>(server: T): Promise<T> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => resolve(server));
  });
}
