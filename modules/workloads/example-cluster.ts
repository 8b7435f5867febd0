// A real etcd, kube-apiserver and kube-controller-manager on loopback with throw-away certificates: for tests alone.
// Without nodes no pod runs, but all that controllers do to objects is real.
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import type { Api } from "../kubernetes/index.ts";
import {
  adminApi,
  adminKubeconfig,
  apiServerFlags,
  etcdFlags,
  freePorts,
  makeCertificates,
} from "../kubernetes/testing.ts";
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
  const ports = (await freePorts(4)) as [number, number, number, number];
  const [etcdPort, peerPort, apiPort, controllersPort] = ports;
  makeCertificates({ directory, address: "127.0.0.1" });
  const url = `https://127.0.0.1:${apiPort}`;
  const children: ChildProcess[] = [];
  const start = (name: string, program: string, parameters: readonly string[]) => {
    const log = openSync(path(`${name}.log`), "w");
    children.push(spawn(program, parameters, { cwd: directory, stdio: ["ignore", log, log] }));
    closeSync(log);
  };

  start("etcd", programs.etcd, etcdFlags(directory, [etcdPort, peerPort]));
  start("kube-apiserver", programs.apiServer, [
    ...apiServerFlags({ directory, address: "127.0.0.1", port: apiPort, etcdPort, services }),
    ...flags,
  ]);
  const api = adminApi(directory, [url]);
  writeFileSync(path("kubeconfig"), adminKubeconfig(directory, url), { mode: 0o600 });
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
