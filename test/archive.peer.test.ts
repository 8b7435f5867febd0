// The proof of an archive: a Secret is written through a real kube-apiserver into a real etcd, both with a cluster's own
// certificates; archived while they run; and read again from nothing but the archive's file, by others of both.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { homedir, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { generateIdentity, identityToRecipient } from "age-encryption";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openEtcd, restoreArchive, takeArchive, verifyArchive } from "../modules/archive/index.ts";
import { type Api, applyManifests, openApi } from "../modules/kubernetes/index.ts";
import {
  adminCredentials,
  ensurePki,
  etcdCredentials,
  machineFiles,
  readEntries,
} from "../modules/pki/index.ts";
import { certificateRequests, type Plan } from "../modules/plan/index.ts";
import { testMachine, testPlan } from "../modules/plan/testing.ts";
import { buildTool, runProcess, type ToolName } from "../modules/release/index.ts";
import { freePorts } from "./support/ports.ts";

/** Where set-up has built them; else they are built now, which takes minutes. */
const build = (name: ToolName) =>
  buildTool(name, {
    cacheDir: process.env.LANDFALL_CACHE ?? join(homedir(), ".cache", "landfall"),
    run: runProcess,
  });

const plan: Plan = (() => {
  const machines = [testMachine({ name: "m1", role: "master", address: "127.0.0.1" })];
  const bare = testPlan({ machines });
  return { ...bare, certificates: certificateRequests(bare) };
})();

let directory: string;
let proxy: Server;
let tunnels = 0;
let programs: Readonly<Record<"etcd" | "kube-apiserver" | "etcdutl", string>>;
const running = new Set<ChildProcess>();

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "landfall-archive-"));
  programs = {
    etcd: await build("etcd"),
    "kube-apiserver": await build("kube-apiserver"),
    etcdutl: await build("etcdutl"),
  };
  proxy = await connectProxy();
}, 1_800_000);

afterAll(async () => {
  await stopAll();
  proxy?.closeAllConnections();
  proxy?.close();
  if (directory !== undefined) rmSync(directory, { recursive: true, force: true });
});

it("gives back what was in the cluster, Secrets too, when all else of it is gone", {
  timeout: 300_000,
}, async () => {
  const store = join(directory, "store");
  const { generation } = ensurePki(plan, store, new Date());
  const before = await start("before", store, join(directory, "etcd"));
  await before.apply(namespace, secret("kept", "hunter2-kept"));
  // Some megabytes: more than one message of a snapshot, and more than one chunk of age's.
  for (let at = 0; at < 6; at += 1) await before.apply(configMap(`filler-${at}`));

  const identity = await generateIdentity();
  const file = join(directory, "lab-v1.tar.age");
  const { ca, certificate, key } = etcdCredentials(store);
  const [dead] = await freePorts(1);
  const said: string[] = [];
  const take = (client: { ca: string; cert: string; key: string }) =>
    takeArchive({
      subject: { cluster: plan.cluster, generation, kubernetes: plan.kubernetes, etcd: "3.6.5" },
      pki: readEntries(store),
      record: new Map(),
      recipients: [recipient],
      out: file,
      now: new Date(),
      etcd: openEtcd({ ...client, proxy: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` }),
      members: [
        { name: "m0", url: `https://127.0.0.1:${dead}` },
        { name: "m1", url: before.etcd },
      ],
      signal: AbortSignal.timeout(60_000),
      say: (line) => said.push(line),
    });
  const recipient = await identityToRecipient(identity);

  // A client of Kubernetes' own authority is none of etcd's.
  const admin = adminCredentials(store);
  await expect(take({ ca, cert: admin.certificate, key: admin.key })).rejects.toMatchObject({
    code: "snapshot-failed",
    details: { found: expect.stringMatching(/^m0: .*\nm1: ./) },
  });
  const { manifest } = await take({ ca, cert: certificate, key });
  expect(tunnels).toBeGreaterThan(0);
  expect(said.some((line) => line.startsWith("m0 gives no snapshot"))).toBe(true);
  expect(Number(manifest.snapshot.revision)).toBeGreaterThan(10);
  await before.apply(secret("later", "hunter2-later"));
  await before.stop();
  rmSync(store, { recursive: true });
  rmSync(join(directory, "etcd"), { recursive: true });

  const proof = await verifyArchive({ file, identities: [identity] });
  expect(proof.snapshotBytes).toBeGreaterThan(3_000_000);
  await expect(verifyArchive({ file, identities: [await generateIdentity()] })).rejects.toMatchObject({
    code: "archive-other-identity",
  });
  const whole = readFileSync(file);
  expect(whole.includes("hunter2")).toBe(false);
  const damaged = join(directory, "damaged.tar.age");
  for (const bytes of [whole.subarray(0, -1000), Buffer.from(whole).fill(0, 1_000_000, 1_000_001)]) {
    writeFileSync(damaged, bytes);
    await expect(verifyArchive({ file: damaged, identities: [identity] })).rejects.toMatchObject({
      code: "archive-damaged",
    });
  }

  const folder = join(directory, "restored");
  await restoreArchive({ file, identities: [identity], folder });
  const snapshot = join(folder, "etcd-snapshot.db");
  // Sealed at rest: it is the PKI beside it that opens them.
  expect(readFileSync(snapshot).includes("hunter2")).toBe(false);
  const etcdutl = (...args: string[]) =>
    execFileSync(programs.etcdutl, args, { encoding: "utf8", stdio: "pipe" });
  const status = JSON.parse(etcdutl("snapshot", "status", snapshot, "-w", "json")) as { revision: number };
  expect(status.revision).toBeGreaterThanOrEqual(Number(manifest.snapshot.revision));
  etcdutl("snapshot", "restore", snapshot, "--data-dir", join(folder, "etcd"));

  const after = await start("after", join(folder, "pki"), join(folder, "etcd"));
  expect(await after.secret("kept")).toBe("hunter2-kept");
  expect(await after.secret("later")).toBe(404);
  await after.stop();
});

interface ControlPlane {
  /** URL of etcd. */
  readonly etcd: string;
  readonly apply: (...manifests: object[]) => Promise<void>;
  /** Its value, or the API's answer. */
  readonly secret: (name: string) => Promise<string | number>;
  readonly stop: () => Promise<void>;
}

/** etcd and kube-apiserver of m1 with what the store delivers to it, on ports of their own. */
async function start(name: string, store: string, data: string): Promise<ControlPlane> {
  const folder = join(directory, name);
  const pki = join(folder, "pki");
  for (const { path, mode, contents } of machineFiles(plan, store, "m1")) {
    const file = join(pki, path.replace("/etc/kubernetes/pki/", ""));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, contents, { mode });
  }
  const [client, peer, api] = await freePorts(3);
  const etcd = `https://127.0.0.1:${client}`;
  const died = new AbortController();
  const run = (program: keyof typeof programs, args: string[]) => {
    const file = join(folder, `${program}.log`);
    const log = openSync(file, "w");
    const child = spawn(programs[program], args, { cwd: folder, stdio: ["ignore", log, log] });
    closeSync(log);
    running.add(child);
    child.once("exit", () => {
      running.delete(child);
      died.abort(new Error(`${program} ended: ${readFileSync(file, "utf8").slice(-1000)}`));
    });
  };
  run("etcd", [
    `--data-dir=${data}`,
    `--listen-client-urls=${etcd}`,
    `--advertise-client-urls=${etcd}`,
    `--listen-peer-urls=http://127.0.0.1:${peer}`,
    `--cert-file=${pki}/etcd/server.crt`,
    `--key-file=${pki}/etcd/server.key`,
    `--trusted-ca-file=${pki}/etcd/ca.crt`,
    "--client-cert-auth=true",
    "--log-level=error",
  ]);
  run("kube-apiserver", [
    `--etcd-servers=${etcd}`,
    `--etcd-cafile=${pki}/etcd/ca.crt`,
    `--etcd-certfile=${pki}/apiserver-etcd-client.crt`,
    `--etcd-keyfile=${pki}/apiserver-etcd-client.key`,
    "--bind-address=127.0.0.1",
    "--advertise-address=127.0.0.1",
    `--secure-port=${api}`,
    `--tls-cert-file=${pki}/apiserver.crt`,
    `--tls-private-key-file=${pki}/apiserver.key`,
    `--client-ca-file=${pki}/ca.crt`,
    `--encryption-provider-config=${pki}/encryption.yaml`,
    "--service-cluster-ip-range=10.43.0.0/16",
    "--service-account-issuer=https://kubernetes.default.svc",
    `--service-account-key-file=${pki}/sa.pub`,
    `--service-account-signing-key-file=${pki}/sa.key`,
    "--authorization-mode=RBAC",
    "--endpoint-reconciler-type=none",
  ]);
  const admin = adminCredentials(store);
  const kubernetes: Api = openApi({
    servers: [`https://127.0.0.1:${api}`],
    ca: admin.ca,
    cert: admin.certificate,
    key: admin.key,
  });
  // Until it serves, it is waited for.
  await applyManifests({
    client: kubernetes,
    manifests: [namespace],
    timeoutSeconds: 90,
    signal: died.signal,
  });
  return {
    etcd,
    apply: async (...manifests) => {
      await applyManifests({ client: kubernetes, manifests, timeoutSeconds: 30, signal: died.signal });
    },
    secret: async (name) => {
      const { status, body } = await kubernetes.request({ path: `/api/v1/namespaces/demo/secrets/${name}` });
      if (status !== 200) return status;
      const { data } = JSON.parse(body) as { data: { password: string } };
      return Buffer.from(data.password, "base64").toString();
    },
    stop: async () => {
      await kubernetes.close();
      await stopAll();
    },
  };
}

async function stopAll(): Promise<void> {
  await Promise.all(
    [...running].map(
      (child) =>
        new Promise((resolve) => {
          child.once("exit", resolve);
          child.kill("SIGKILL");
        }),
    ),
  );
}

const namespace = { apiVersion: "v1", kind: "Namespace", metadata: { name: "demo" } };
const secret = (name: string, password: string) => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name, namespace: "demo" },
  data: { password: Buffer.from(password).toString("base64") },
});
const configMap = (name: string) => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "demo" },
  data: { filler: "x".repeat(600_000) },
});

async function connectProxy(): Promise<Server> {
  const server = createServer();
  server.on("connect", (request, downstream) => {
    tunnels += 1;
    const { hostname, port } = new URL(`http://${request.url}`);
    const upstream = connect(Number(port), hostname, () => {
      downstream.write("HTTP/1.1 200 Connection established\r\n\r\n");
      upstream.pipe(downstream).pipe(upstream);
    });
    upstream.on("error", () => downstream.end("HTTP/1.1 502 Bad Gateway\r\n\r\n"));
    downstream.on("error", () => upstream.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}
