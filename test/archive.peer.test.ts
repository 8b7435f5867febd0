// The proof of an archive: a Secret is written through a real kube-apiserver into a real etcd, both with a cluster's own
// certificates; archived while they run, by the command that people use; and read again from nothing but the archive's file
// and the identity, by others of both.
import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { homedir, tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { generateIdentity, identityToRecipient } from "age-encryption";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openEtcd, takeArchive, verifyArchive } from "../modules/archive/index.ts";
import { exampleSite } from "../modules/cli/example-site.ts";
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

/** m0 is dead: the way to it ends at the proxy. */
const plan: Plan = (() => {
  const machines = [
    testMachine({ name: "m0", role: "master", address: "127.0.0.9" }),
    testMachine({ name: "m1", role: "master", address: "127.0.0.1" }),
  ];
  const bare = testPlan({ machines });
  return { ...bare, certificates: certificateRequests(bare) };
})();

let directory: string;
let proxy: Server;
let tunnels = 0;
/** Where the proxy finds m1's etcd. */
let etcdPort = 0;
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
  const store = join(directory, ".landfall", "pki", plan.cluster);
  const { generation } = ensurePki(plan, store, new Date());
  const before = await start("before", store, join(directory, "etcd"));
  await before.apply(namespace, secret("kept", "hunter2-kept"));
  // Some megabytes: more than one message of a snapshot, and more than one chunk of age's.
  for (let at = 0; at < 6; at += 1) await before.apply(configMap(`filler-${at}`));
  etcdPort = Number(new URL(before.etcd).port);

  const identity = await generateIdentity();
  const recipient = await identityToRecipient(identity);
  const identityFile = join(directory, "identity.txt");
  writeFileSync(identityFile, `# created: today\n${identity}\n`, { mode: 0o600 });
  writeProject(generation, recipient);

  // A client of Kubernetes' own authority is none of etcd's.
  const { ca } = etcdCredentials(store);
  const { certificate: cert, key } = adminCredentials(store);
  const stranger = takeArchive({
    subject: { cluster: plan.cluster, generation, kubernetes: plan.kubernetes, etcd: "3.6.5" },
    pki: readEntries(store),
    record: new Map(),
    recipients: [recipient],
    out: join(directory, "never.tar.age"),
    now: new Date(),
    etcd: openEtcd({ ca, cert, key, proxy: proxyUrl() }),
    members: plan.machines.map(({ name, address }) => ({ name, url: `https://${address}:2379` })),
    signal: AbortSignal.timeout(60_000),
    say: () => {},
  });
  await expect(stranger).rejects.toMatchObject({
    code: "snapshot-failed",
    details: { found: expect.stringMatching(/^m0: .*\nm1: ./) },
  });

  tunnels = 0;
  const taken = await landfall("archive", plan.cluster);
  expect(taken.said).toContain("m0 gives no snapshot");
  expect(tunnels).toBeGreaterThan(0);
  const { file, encrypted, revision } = taken.result as {
    file: string;
    encrypted: boolean;
    revision: string;
  };
  expect([dirname(file), encrypted]).toEqual([join(directory, ".landfall", "archive"), true]);
  expect(Number(revision)).toBeGreaterThan(10);
  await before.apply(secret("later", "hunter2-later"));
  await before.stop();
  rmSync(store, { recursive: true });
  rmSync(join(directory, "etcd"), { recursive: true });

  const proof = await landfall("archive", "verify", file, "--identity", identityFile);
  expect(proof.result).toMatchObject({ cluster: "lab-v1", generation });
  expect((proof.result as { snapshotBytes: number }).snapshotBytes).toBeGreaterThan(3_000_000);
  await expect(verifyArchive({ file, identities: [await generateIdentity()] })).rejects.toMatchObject({
    code: "archive-other-identity",
  });
  await expect(landfall("archive", "verify", file)).rejects.toMatchObject({ code: 1 });
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
  const restored = await landfall("archive", "restore", file, "--identity", identityFile, "--to", folder);
  const snapshot = join(folder, "etcd-snapshot.db");
  // Whoever has age and tar needs no Landfall.
  const plain = execFileSync(
    "sh",
    ["-c", `age -d -i "$0" "$1" | tar xO etcd-snapshot.db`, identityFile, file],
    {
      maxBuffer: 2 ** 28,
    },
  );
  expect(plain.equals(readFileSync(snapshot))).toBe(true);
  // Sealed at rest: it is the PKI beside it that opens them.
  expect(readFileSync(snapshot).includes("hunter2")).toBe(false);
  const etcdutl = (...args: string[]) =>
    execFileSync(programs.etcdutl, args, { encoding: "utf8", stdio: "pipe" });
  const status = JSON.parse(etcdutl("snapshot", "status", snapshot, "-w", "json")) as { revision: number };
  expect(status.revision).toBeGreaterThanOrEqual(Number(revision));
  // As the command says what next.
  const [{ command }] = (restored.result as { next: [{ command: string }] }).next;
  etcdutl(...command.split(" ").slice(1));

  const after = await start("after", join(folder, "pki"), join(folder, "etcd"));
  expect(await after.secret("kept")).toBe("hunter2-kept");
  expect(await after.secret("later")).toBe(404);
  await after.stop();
});

const proxyUrl = () => `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;

/** The project of a cluster that is landed, and of the version that is to take its place. */
function writeProject(generation: string, recipient: string): void {
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  };
  write("cdktf.json", "{}");
  write("clusters/site.yaml", exampleSite(["m1", "m2"]));
  const version = (number: number) => `name: lab
version: v${number}
kubernetes: ${plan.kubernetes}
endpoint: { address: 10.77.0.10${number} }
masters: { machines: [m${number}] }
`;
  write("clusters/lab-v1.yaml", version(1));
  write("clusters/lab-v2.yaml", `${version(2)}replacement: { archive: { recipients: [${recipient}] } }\n`);
  const run = { plan: { ...plan, proxy: proxyUrl() }, release: { versions: { etcd: "3.6.5" } }, generation };
  write(".landfall/run/lab-v1/run.json", JSON.stringify(run));
}

/** The command, in the project's folder. Rejects if it ends with anything but 0. */
async function landfall(...parameters: string[]): Promise<{ result: unknown; said: string }> {
  const program = resolve(import.meta.dirname, "../modules/cli/landfall.mjs");
  const { stdout, stderr } = await promisify(execFile)(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", program, ...parameters, "--json"],
    { cwd: directory },
  );
  return { result: JSON.parse(stdout), said: stderr };
}

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
    const { hostname } = new URL(`http://${request.url}`);
    const upstream = connect(hostname === "127.0.0.1" ? etcdPort : 1, hostname, () => {
      downstream.write("HTTP/1.1 200 Connection established\r\n\r\n");
      upstream.pipe(downstream).pipe(upstream);
    });
    upstream.on("error", () => downstream.end("HTTP/1.1 502 Bad Gateway\r\n\r\n"));
    downstream.on("error", () => upstream.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}
