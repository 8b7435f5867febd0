import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import type { Api, ApiRequest } from "../../kubernetes/index.ts";
import { runCheck } from "./checks.ts";

/** A cluster that ends every Job at once, as it is told. */
function cluster(condition: "Complete" | "Failed") {
  const asked: string[] = [];
  let there = true;
  const answer = ({ method = "GET", path }: ApiRequest): [number, object] => {
    asked.push(`${method} ${path.replace(/\?.*/, "")}`);
    if (path === "/apis/batch/v1")
      return [200, { resources: [{ name: "jobs", kind: "Job", namespaced: true }] }];
    if (method === "DELETE") {
      there = false;
      return [200, {}];
    }
    if (method === "PATCH") {
      there = true;
      return [201, { metadata: {} }];
    }
    const conditions = [{ type: condition, status: "True", message: "BackoffLimitExceeded" }];
    return there ? [200, { status: { conditions } }] : [404, {}];
  };
  const api: Api = {
    servers: ["https://green"],
    request: async (request) => {
      const [status, body] = answer(request);
      return { status, body: JSON.stringify(body), date: undefined, server: "https://green" };
    },
    only: () => api,
    close: async () => {},
  };
  return { api, asked };
}

function options(check: object, api: Api = cluster("Complete").api) {
  const folder = mkdtempSync(join(tmpdir(), "landfall-check-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  writeFileSync(join(folder, "job.yaml"), "apiVersion: batch/v1\nkind: Job\nmetadata: { name: smoke }\n");
  return {
    check: { name: "smoke", timeout: 20, ...check },
    blue: "prod-v1",
    green: "prod-v2",
    folder,
    clusterFile: join(folder, "prod-v2.yaml"),
    kubeconfig: "/kubeconfig",
    api,
    signal: new AbortController().signal,
  };
}

test("a command runs in the project's folder, and is told of the clusters", async () => {
  const code = "process.exit(process.argv.slice(1).join() === 'prod-v1,x-prod-v2,/kubeconfig' ? 0 : 1)";
  const command = [process.execPath, "-e", code, "{blue}", "x-{green}", "{kubeconfig}"];
  await runCheck(options({ command }));
});

test("what a command said when it failed is on the screen", async () => {
  const command = [process.execPath, "-e", "console.error('5 of 10 requests failed'); process.exit(3)"];
  await expect(runCheck(options({ command }))).rejects.toMatchObject({
    code: "check-failed",
    message: "the check smoke failed: prod-v2 is not good",
    details: { found: expect.stringContaining("5 of 10 requests failed") },
  });
});

test("one that does not end in time has failed", async () => {
  const command = [process.execPath, "-e", "setInterval(() => {}, 1000)"];
  await expect(runCheck(options({ command, timeout: 0.3 }))).rejects.toMatchObject({
    code: "check-failed",
    details: { found: "no end within 0.3 s" },
  });
});

test("a Job is made anew, awaited, and deleted", async () => {
  const { api, asked } = cluster("Complete");
  await runCheck(options({ job: "job.yaml" }, api));
  const path = "/apis/batch/v1/namespaces/default/jobs/smoke";
  expect(asked.filter((each) => !each.startsWith("GET"))).toEqual([
    `DELETE ${path}`,
    `PATCH ${path}`,
    `DELETE ${path}`,
  ]);
});

test("a Job that fails has failed the check", async () => {
  await expect(runCheck(options({ job: "job.yaml" }, cluster("Failed").api))).rejects.toMatchObject({
    details: { found: "the Job failed: BackoffLimitExceeded" },
  });
});
