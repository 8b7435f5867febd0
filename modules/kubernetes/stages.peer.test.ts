// scripts/stages.sh by a real bash, in a network of its own, while a machine's programs come up one after the other.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { script } from "./scripts.ts";

const order = "0123456789abcdef0123456789abcdef";
const reportUrl = "http://10.77.0.3:8080/report?mac=52-54-00-77-00-21";

let root: string;
let machine: ChildProcess;
let said: string;
let serving: ChildProcess[];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "landfall-stages-"));
  for (const folder of ["bin", "etc/landfall", "etc/kubernetes/manifests", "etc/cni/net.d"])
    mkdirSync(join(root, folder), { recursive: true });
  write("etc/landfall/metadata", "NAME=w1\n");
  write("etc/landfall/report", `${reportUrl}\n${order}\n`);
  write("etc/cni/net.d/10-pods.conflist", "{}");
  write("stages", script("stages").replaceAll("/etc/", `${root}/etc/`));
  // The API has the node's condition, in a file here.
  program("curl", `case "$*" in *nodes/w1*) cat ${root}/node 2>/dev/null ;; esac`);
  program("jq", "cat");
  program("sleep", "exec /usr/bin/sleep 0.02");
  serving = [];
  said = "";
});
afterEach(() => {
  for (const child of [machine, ...serving]) child.kill("SIGKILL");
  rmSync(root, { recursive: true, force: true });
});

function write(path: string, contents: string): void {
  writeFileSync(join(root, path), contents);
}

/** One that writes down that it was started. */
function program(name: string, body: string): void {
  write(`bin/${name}`, `#!/bin/bash\nprintf '%s\\n' "${name} $*" >>${root}/started\n${body}\n`);
  chmodSync(join(root, "bin", name), 0o755);
}

function started(): readonly string[] {
  const file = join(root, "started");
  return existsSync(file) ? readFileSync(file, "utf8").split("\n").filter(Boolean) : [];
}

/** Waits until it has looked three times more. */
async function looks(): Promise<void> {
  const sleeps = () => started().filter((line) => line.startsWith("sleep")).length;
  const before = sleeps();
  await expect.poll(sleeps, { timeout: 10_000 }).toBeGreaterThan(before + 2);
}

/** Starts the script where nothing serves yet. */
async function start(role: "master" | "worker"): Promise<void> {
  if (role === "master") write("etc/kubernetes/manifests/etcd.yaml", "");
  machine = spawn("unshare", ["--net", "sh", "-c", `ip link set lo up && exec bash ${root}/stages`], {
    env: { PATH: `${root}/bin:${process.env.PATH}` },
    stdio: ["ignore", "pipe", "inherit"],
  });
  machine.stdout!.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  await looks();
}

/** Something on the machine answers from now on. Returns what ends it. */
async function serve(port: number, path: string, status: number, body: string): Promise<() => Promise<void>> {
  const server = `require("node:http").createServer((asked, answer) => {
    answer.writeHead(asked.url === ${JSON.stringify(path)} ? ${status} : 404).end(${JSON.stringify(body)});
  }).listen(${port}, "127.0.0.1", () => console.log("listens"))`;
  const child = spawn("nsenter", [...[`--net=/proc/${machine.pid}/ns/net`, process.execPath, "-e", server]]);
  serving.push(child);
  await once(child.stdout, "data");
  return async () => {
    child.kill("SIGKILL");
    await once(child, "exit");
  };
}

const line = (stage: string) => `landfall: stage ${stage}\n`;
const saysNext = (...stages: string[]) =>
  expect.poll(() => said, { timeout: 10_000 }).toBe(stages.map(line).join(""));
const reports = (...stages: string[]) =>
  stages.map((stage) => `curl -s -m 5 -o /dev/null --data order=${order}&stage=${stage} ${reportUrl}`);
const programs = () => started().filter((each) => !each.startsWith("sleep"));

test("a worker: its kubelet when that serves and is well, then its node, each reported once", async () => {
  await start("worker");
  const end = await serve(10248, "/healthz", 500, "[-]syncloop failed\nhealthz check failed\n");
  await looks();
  expect(said).toBe("");
  await end();
  await serve(10248, "/healthz", 200, "ok");
  await saysNext("kubelet");
  await looks();
  write("node", "False\n");
  await looks();
  expect(said).toBe(line("kubelet"));
  write("node", "True\n");
  await saysNext("kubelet", "ready");
  if (machine.exitCode === null) await once(machine, "exit");
  expect(machine.exitCode).toBe(0);
  expect(programs().filter((each) => each.includes("stage="))).toEqual(reports("kubelet", "ready"));
});

test("a master: kubelet, etcd, API, node, and nothing is started to see the first three", async () => {
  await start("master");
  // What is there before its turn counts in its turn.
  await serve(7442, "/readyz", 200, "ok");
  await looks();
  expect(said).toBe("");
  await serve(10248, "/healthz", 200, "ok");
  await saysNext("kubelet");
  const end = await serve(2381, "/health", 200, '{"health":"false"}');
  await looks();
  expect(said).toBe(line("kubelet"));
  expect(programs()).toEqual(reports("kubelet"));
  await end();
  await serve(2381, "/health", 200, '{"health":"true","reason":""}');
  await saysNext("kubelet", "etcd", "api");
  write("node", "True\n");
  await saysNext("kubelet", "etcd", "api", "ready");
});
