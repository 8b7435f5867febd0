// A real etcd, kube-apiserver and kube-controller-manager on loopback with throw-away certificates: for tests alone.
// Without nodes no pod runs, but all that controllers do to objects is real.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { type Api, openApi } from "../kubernetes/index.ts";
import { buildTool, runProcess } from "../release/index.ts";

export interface ExampleCluster {
  readonly api: Api;
  readonly stop: () => Promise<void>;
}

export interface ExampleOptions {
  /** Kubernetes release. */
  readonly kubernetes: string;
  /** Range of Services' addresses. */
  readonly services: string;
  /** More flags of the apiserver. */
  readonly flags?: readonly string[];
}

export async function startCluster({
  kubernetes,
  services,
  flags = [],
}: ExampleOptions): Promise<ExampleCluster> {
  const cacheDir = process.env.LANDFALL_CACHE ?? join(homedir(), ".cache", "landfall");
  const build = (name: "etcd" | "kube-apiserver" | "kube-controller-manager") =>
    buildTool(name, { cacheDir, run: runProcess, kubernetes });
  const programs = {
    etcd: await build("etcd"),
    apiServer: await build("kube-apiserver"),
    controllers: await build("kube-controller-manager"),
  };
  const directory = mkdtempSync(join(tmpdir(), "landfall-workloads-"));
  const path = (file: string) => join(directory, file);
  const read = (file: string) => readFileSync(path(file), "utf8");
  const [etcdPort, peerPort, apiPort, controllersPort] = await freePorts(4);
  makeCertificates(directory);
  const url = `https://127.0.0.1:${apiPort}`;
  const children: ChildProcess[] = [];
  const start = (name: string, program: string, parameters: readonly string[]) => {
    const log = openSync(path(`${name}.log`), "w");
    children.push(spawn(program, parameters, { cwd: directory, stdio: ["ignore", log, log] }));
    closeSync(log);
  };

  start("etcd", programs.etcd, [
    `--data-dir=${path("etcd")}`,
    `--listen-client-urls=http://127.0.0.1:${etcdPort}`,
    `--advertise-client-urls=http://127.0.0.1:${etcdPort}`,
    `--listen-peer-urls=http://127.0.0.1:${peerPort}`,
    "--log-level=error",
    "--unsafe-no-fsync",
  ]);
  start("kube-apiserver", programs.apiServer, [
    `--etcd-servers=http://127.0.0.1:${etcdPort}`,
    "--bind-address=127.0.0.1",
    "--advertise-address=127.0.0.1",
    `--secure-port=${apiPort}`,
    `--tls-cert-file=${path("server.crt")}`,
    `--tls-private-key-file=${path("server.key")}`,
    `--client-ca-file=${path("ca.crt")}`,
    `--service-cluster-ip-range=${services}`,
    "--service-account-issuer=https://kubernetes.default.svc",
    `--service-account-key-file=${path("server.crt")}`,
    `--service-account-signing-key-file=${path("server.key")}`,
    "--authorization-mode=RBAC",
    "--endpoint-reconciler-type=none",
    ...flags,
  ]);
  const api = openApi({
    servers: [url],
    ca: read("ca.crt"),
    cert: read("admin.crt"),
    key: read("admin.key"),
  });
  writeFileSync(
    path("kubeconfig"),
    JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "c", cluster: { server: url, "certificate-authority": path("ca.crt") } }],
      users: [
        { name: "u", user: { "client-certificate": path("admin.crt"), "client-key": path("admin.key") } },
      ],
      contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
      "current-context": "c",
    }),
    { mode: 0o600 },
  );
  start("kube-controller-manager", programs.controllers, [
    `--kubeconfig=${path("kubeconfig")}`,
    "--leader-elect=false",
    `--secure-port=${controllersPort}`,
    "--bind-address=127.0.0.1",
    `--root-ca-file=${path("ca.crt")}`,
    `--service-account-private-key-file=${path("server.key")}`,
    `--cert-dir=${path("controllers")}`,
  ]);
  mkdirSync(path("controllers"), { recursive: true });
  const stop = async () => {
    await api.close();
    await Promise.all(children.reverse().map(ended));
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    await ready(api, () => {
      const dead = children.find((child) => child.exitCode !== null);
      return dead === undefined
        ? undefined
        : `${dead.spawnfile} ended: ${read("kube-apiserver.log").slice(-1500)}`;
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return { api, stop };
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null) resolve();
    child.once("exit", () => resolve());
    child.kill("SIGKILL");
  });
}

async function ready(api: Api, dead: () => string | undefined): Promise<void> {
  const deadline = performance.now() + 300_000;
  for (;;) {
    const answer = await api.request({ path: "/readyz" }).catch(() => undefined);
    if (answer?.status === 200) return;
    const why = dead();
    if (why !== undefined) throw new Error(why);
    if (performance.now() > deadline) throw new Error(`not ready: ${answer?.body ?? "no answer"}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function makeCertificates(directory: string): void {
  const openssl = (...parameters: string[]) =>
    execFileSync("openssl", parameters, { cwd: directory, stdio: "pipe" });
  const key = (name: string) => [
    ...["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", `${name}.key`],
  ];
  openssl("req", "-x509", ...key("ca"), "-out", "ca.crt", "-subj", "/CN=test", "-days", "1");
  for (const [name, subject, extensions] of [
    ["server", "/CN=kube-apiserver", "subjectAltName=IP:127.0.0.1"],
    ["admin", "/O=system:masters/CN=admin", "extendedKeyUsage=clientAuth"],
  ] as const) {
    writeFileSync(join(directory, `${name}.ext`), extensions);
    openssl("req", "-new", ...key(name), "-out", `${name}.csr`, "-subj", subject);
    openssl(
      ...["x509", "-req", "-in", `${name}.csr`, "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial"],
      ...["-days", "1", "-out", `${name}.crt`, "-extfile", `${name}.ext`],
    );
  }
}

/** Ports that were free a moment ago, all different. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from(
      { length: count },
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve) => {
          const server = createServer().listen(0, "127.0.0.1", () => resolve(server));
        }),
    ),
  );
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
