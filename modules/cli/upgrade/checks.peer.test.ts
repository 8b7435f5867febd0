// Checks that are Jobs, on a real apiserver with the Job controller. There are no nodes: what a kubelet says of a pod, and
// the log that it gives, is said by the test.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { type Api, applyManifests, getJson } from "../../kubernetes/index.ts";
import { makeCertificates } from "../../kubernetes/testing.ts";
import { type ExampleCluster, startCluster } from "../../workloads/example-cluster.ts";
import { runCheck } from "./checks.ts";

interface Pod {
  readonly metadata: { readonly name: string; readonly uid: string };
}

const manifest = `apiVersion: batch/v1
kind: Job
metadata: { name: smoke, namespace: default }
spec:
  backoffLimit: 0
  template:
    spec:
      restartPolicy: Never
      containers: [{ name: ask, image: "registry.example/ask:1" }]
`;
const log = "asks https://shop\n\u001b[31m5 of 10 requests failed\n";

let folder: string;
let cluster: ExampleCluster;
let kubelet: Server;
let api: Api;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "landfall-checks-"));
  writeFileSync(join(folder, "smoke.yaml"), manifest);
  makeCertificates({ directory: folder, address: "127.0.0.1" });
  const pem = (name: string) => readFileSync(join(folder, name));
  kubelet = createServer({ cert: pem("server.crt"), key: pem("server.key") }, (request, response) => {
    const { pathname } = new URL(request.url ?? "", "https://kubelet");
    const known = /^\/containerLogs\/default\/smoke-[a-z0-9]+\/ask$/.test(pathname);
    response.writeHead(known ? 200 : 404).end(known ? log : "");
  });
  await new Promise<void>((resolve) => kubelet.listen(0, "127.0.0.1", resolve));
  cluster = await startCluster({ kubernetes: "1.34.1", services: "10.43.0.0/16" });
  api = cluster.api;
  await applyManifests({
    client: api,
    manifests: [{ apiVersion: "v1", kind: "Node", metadata: { name: "n1" } }],
    timeoutSeconds: 30,
  });
  await patch("/api/v1/nodes/n1/status", {
    addresses: [{ type: "InternalIP", address: "127.0.0.1" }],
    daemonEndpoints: { kubeletEndpoint: { Port: (kubelet.address() as AddressInfo).port } },
  });
}, 1_800_000);

afterAll(async () => {
  await cluster?.stop();
  kubelet?.closeAllConnections();
  kubelet?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function patch(path: string, status: object): Promise<void> {
  const contentType = "application/strategic-merge-patch+json";
  const reply = await api.request({ method: "PATCH", path, contentType, body: JSON.stringify({ status }) });
  if (reply.status !== 200) throw new Error(`${path}: ${reply.status} ${reply.body}`);
}

const pods = async () =>
  (await getJson<{ items: readonly Pod[] }>(api, "/api/v1/namespaces/default/pods")).value.items;
const there = async () =>
  (await api.request({ path: "/apis/batch/v1/namespaces/default/jobs/smoke" })).status === 200;

/** The pod that the Job is given, once it is there; never one that was seen before. */
function nextPod(before: readonly Pod[] = []): Promise<Pod> {
  return vi.waitFor(
    async () => {
      const found = (await pods()).find(({ metadata }) =>
        before.every((each) => each.metadata.uid !== metadata.uid),
      );
      if (found === undefined) throw new Error("no pod yet");
      return found;
    },
    { timeout: 60_000, interval: 50 },
  );
}

/** On the node, with a container in this state. */
async function play({ metadata: { name } }: Pod, phase: string, state: object): Promise<void> {
  const path = `/api/v1/namespaces/default/pods/${name}`;
  const binding = {
    apiVersion: "v1",
    kind: "Binding",
    metadata: { name },
    target: { kind: "Node", name: "n1" },
  };
  const body = JSON.stringify(binding);
  await api.request({ method: "POST", path: `${path}/binding`, contentType: "application/json", body });
  const container = { name: "ask", image: "i", imageID: "", ready: false, restartCount: 0, state };
  await patch(`${path}/status`, { phase, containerStatuses: [container] });
}

/** As a kubelet does, when the pod was deleted. */
async function bury(): Promise<void> {
  await vi.waitFor(
    async () => {
      for (const { metadata } of await pods())
        await api.request({
          method: "DELETE",
          path: `/api/v1/namespaces/default/pods/${metadata.name}?gracePeriodSeconds=0`,
        });
      if ((await pods()).length > 0) throw new Error("pods are left");
    },
    { timeout: 30_000, interval: 100 },
  );
}

function check(timeout = 60, signal = new AbortController().signal) {
  return runCheck({
    check: { name: "smoke", job: "smoke.yaml", timeout },
    blue: "prod-v1",
    green: "prod-v2",
    folder,
    clusterFile: join(folder, "prod-v2.yaml"),
    kubeconfig: join(folder, "kubeconfig"),
    api,
    signal,
  });
}

const terminated = (exitCode: number, reason: string) => ({ terminated: { exitCode, reason } });

it("passes once the Job is complete, and leaves nothing of it", async () => {
  const running = check();
  await play(await nextPod(), "Succeeded", terminated(0, "Completed"));
  await running;
  expect(await there()).toBe(false);
  await expect.poll(pods, { timeout: 30_000 }).toEqual([]);
});

it("fails with what the pod said last, and leaves nothing of it", async () => {
  const running = check();
  const failed = expect(running).rejects.toMatchObject({
    code: "check-failed",
    message: "the check smoke failed: prod-v2 is not good",
    details: {
      found: expect.stringMatching(
        /^the Job failed: .*\npod smoke-\w+, ask: ended with 3 \(Error\)\n {2}asks https:\/\/shop\n {3}\[31m5 of 10 requests failed$/,
      ),
    },
  });
  await play(await nextPod(), "Failed", terminated(3, "Error"));
  await failed;
  expect(await there()).toBe(false);
  await expect.poll(pods, { timeout: 30_000 }).toEqual([]);
});

it("that is over time tells what its pod waits for", async () => {
  const running = check(4);
  const failed = expect(running).rejects.toMatchObject({
    code: "check-failed",
    details: {
      found: expect.stringMatching(
        /^no end within 4 s\npod smoke-\w+, ask: ErrImagePull: registry.example is not found$/,
      ),
    },
  });
  await play(await nextPod(), "Pending", {
    waiting: { reason: "ErrImagePull", message: "registry.example is not found" },
  });
  await vi.waitFor(async () => expect((await pods()).length).toBe(1));
  await Promise.all([
    failed,
    vi.waitFor(async () => expect(await deleting()).toBe(true), { timeout: 20_000 }).then(bury),
  ]);
  await expect.poll(there, { timeout: 30_000 }).toBe(false);
});

/** Whether the Job is being deleted: its pods are to go first. */
async function deleting(): Promise<boolean> {
  const reply = await api.request({ path: "/apis/batch/v1/namespaces/default/jobs/smoke" });
  return reply.status === 404 || JSON.parse(reply.body).metadata.deletionTimestamp !== undefined;
}

it("takes no earlier run for a proof: one that is there, and complete, is made anew", async () => {
  await api.request({
    method: "POST",
    path: "/apis/batch/v1/namespaces/default/jobs",
    contentType: "application/yaml",
    body: manifest,
  });
  const old = await nextPod();
  await play(old, "Succeeded", terminated(0, "Completed"));
  const running = check();
  await play(await nextPod([old]), "Failed", terminated(1, "Error"));
  await expect(running).rejects.toMatchObject({ code: "check-failed" });
});

it("is deleted when the command is interrupted", async () => {
  const controller = new AbortController();
  const running = check(60, controller.signal);
  const interrupted = expect(running).rejects.toThrow("interrupted");
  await nextPod();
  controller.abort(new Error("interrupted"));
  await interrupted;
  expect(await there()).toBe(false);
});
