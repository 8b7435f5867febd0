// scripts/first-objects.sh with a release's objects, a real etcd and then a real kube-apiserver, which must find nothing to do.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildRelease, buildTool, releaseFilePath, runProcess } from "../release/index.ts";
import { script } from "./scripts.ts";
import { adminApi, apiServerFlags, etcdFlags, freePorts, makeCertificates } from "./testing.ts";

const kubernetes = "1.34.1";
const cacheDir = process.env.LANDFALL_CACHE ?? join(homedir(), ".cache", "landfall");
const children: ChildProcess[] = [];
let directory: string;
let ports: { etcd: number; peer: number; metrics: number; api: number };

interface Kept {
  readonly key: string;
  readonly mod_revision: string;
}

beforeAll(async () => {
  const options = { cacheDir, run: runProcess, kubernetes };
  const release = await buildRelease(options);
  directory = mkdtempSync(join(tmpdir(), "landfall-first-objects-"));
  const [etcd, peer, metrics, api] = (await freePorts(4)) as [number, number, number, number];
  ports = { etcd, peer, metrics, api };
  makeCertificates({ directory, address: "127.0.0.1" });
  mkdirSync(join(directory, "release"));
  const squashfs = releaseFilePath(release, "kubernetes", cacheDir);
  const objects = execFileSync("unsquashfs", ["-cat", squashfs, "first-objects.json"]);
  writeFileSync(join(directory, "release/first-objects.json"), objects);
  const own = script("first-objects")
    .replaceAll("/usr/lib/landfall/release", join(directory, "release"))
    .replaceAll("/127.0.0.1/2381", `/127.0.0.1/${metrics}`)
    .replaceAll("https://127.0.0.1:2382", `http://127.0.0.1:${etcd}`);
  writeFileSync(join(directory, "script"), own);
  start(await buildTool("etcd", options), [
    ...etcdFlags(directory, [etcd, peer]),
    `--listen-metrics-urls=http://127.0.0.1:${metrics}`,
  ]);
}, 1_800_000);

afterAll(async () => {
  for (const child of children) {
    const ended = new Promise((resolve) => child.once("exit", resolve));
    if (child.exitCode === null && child.kill("SIGKILL")) await ended;
  }
  rmSync(directory, { recursive: true, force: true });
});

test("a new etcd gets all of them in two writes, whoever comes second writes nothing", async () => {
  expect(run()).toBe('{"succeeded":true}\n{"succeeded":true}\n');
  const first = await kept();
  expect(first.length).toBeGreaterThan(150);
  expect(new Set(first.map(({ mod_revision }) => mod_revision)).size).toBe(2);
  expect(run()).toBe('{"succeeded":null}\n{"succeeded":null}\n');
  expect(await kept()).toEqual(first);
});

test("an apiserver of this version finds nothing to add and nothing to change", {
  timeout: 300_000,
}, async () => {
  const before = await kept();
  start(await buildTool("kube-apiserver", { cacheDir, run: runProcess, kubernetes }), [
    ...apiServerFlags({ directory, address: "127.0.0.1", port: ports.api, etcdPort: ports.etcd }),
  ]);
  const api = adminApi(directory, [`https://127.0.0.1:${ports.api}`]);
  try {
    await expect
      .poll(async () => (await api.request({ path: "/readyz" }).catch(() => undefined))?.status, {
        timeout: 240_000,
        interval: 200,
      })
      .toBe(200);
    // Ready only when all that it makes is made.
    expect(await kept()).toEqual(before);
    const { body } = await api.request({ path: "/apis/rbac.authorization.k8s.io/v1/clusterroles" });
    const { items } = JSON.parse(body) as {
      items: { metadata: { uid: string; creationTimestamp: string } }[];
    };
    expect(new Set(items.map(({ metadata }) => metadata.uid)).size).toBe(items.length);
    for (const { metadata } of items) {
      expect(metadata.uid).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
      expect(Math.abs(Date.now() - Date.parse(metadata.creationTimestamp))).toBeLessThan(600_000);
    }
  } finally {
    await api.close();
  }
});

function start(program: string, parameters: readonly string[]): void {
  children.push(spawn(program, parameters, { cwd: directory, stdio: "ignore" }));
}

function run(): string {
  return execFileSync("bash", [join(directory, "script")], { encoding: "utf8", timeout: 60_000 });
}

/** What etcd has of the kinds that the release has, and the write that each is of. */
async function kept(): Promise<Kept[]> {
  const prefixes = ["clusterroles/", "clusterrolebindings/", "roles/", "rolebindings/", "flowschemas/"];
  const more = ["prioritylevelconfigurations/", "priorityclasses/", "apiregistration.k8s.io/"];
  const all = [...prefixes, ...more, "serviceaccounts/"];
  const found = await Promise.all(all.map((prefix) => range(`/registry/${prefix}`)));
  return found.flat();
}

async function range(prefix: string): Promise<Kept[]> {
  const encode = (text: string) => Buffer.from(text).toString("base64");
  const end = `${prefix.slice(0, -1)}${String.fromCharCode(prefix.charCodeAt(prefix.length - 1) + 1)}`;
  const answer = await fetch(`http://127.0.0.1:${ports.etcd}/v3/kv/range`, {
    method: "POST",
    body: JSON.stringify({ key: encode(prefix), range_end: encode(end), keys_only: true }),
  });
  const { kvs = [] } = (await answer.json()) as { kvs?: Kept[] };
  return kvs.map(({ key, mod_revision }) => ({ key: Buffer.from(key, "base64").toString(), mod_revision }));
}
