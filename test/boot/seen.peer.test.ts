// `landfall boot serve` as a process: its page, its metrics and its logs after machines have asked for things.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { exampleFleet } from "../../modules/boot/fleet/example-fleet.ts";
import { freePorts } from "../support/ports.ts";

let folder: string;
let http: number;
let page: number;
let output = "";
let stop: () => Promise<number | null>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "landfall-seen-"));
  for (const name of ["groups", "profiles", "machines", "assets"]) mkdirSync(join(folder, name));
  writeFileSync(join(folder, "assets/kernel"), Buffer.alloc(50_000));
  for (const machine of exampleFleet(new Date()).machines)
    writeFileSync(
      join(folder, "machines", `${machine.mac.replaceAll(":", "")}.json`),
      JSON.stringify(machine),
    );
  const ports = await freePorts(2);
  [http, page] = ports as [number, number];
  const program = resolve(import.meta.dirname, "../../modules/cli/landfall.mjs");
  const child = spawn(
    process.execPath,
    [
      program,
      "boot",
      "serve",
      `-address=127.0.0.1:${http}`,
      `-page-address=127.0.0.1:${page}`,
      `-data-path=${folder}`,
      `-assets-path=${folder}/assets`,
    ],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  output = "";
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    output += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  stop = () => new Promise((done) => child.once("exit", done).kill());
  await expect.poll(() => said, { timeout: 30_000 }).toContain(`page on http://127.0.0.1:${page}/`);
});

afterEach(async () => {
  await stop();
  rmSync(folder, { recursive: true, force: true });
});

/** As bytes: an HTTP library would refuse to ask for this. */
function raw(text: string): Promise<void> {
  return new Promise((done) => {
    const socket = connect(http, "127.0.0.1", () => socket.write(text, "latin1"));
    socket.on("close", () => done()).on("error", () => done());
    socket.on("data", () => socket.end());
  });
}

test("people see the machines, monitors what was asked, logs are lines that nobody else can write", async () => {
  await fetch(`http://127.0.0.1:${http}/ipxe?mac=52:54:00:00:00:99`);
  await (await fetch(`http://127.0.0.1:${http}/assets/kernel`)).arrayBuffer();
  await raw('GET /x?a=\x9b31m\xe2\x80\xa8"},{"level":"fatal HTTP/1.1\r\nHost: x\r\n\r\n');
  const get = async (path: string) => (await fetch(`http://127.0.0.1:${page}${path}`)).text();
  await expect.poll(() => get("/readyz")).toBe("ok\n");
  expect(await get("/")).toContain("w3&#39;s disk belongs to cluster prod-v1");
  await expect
    .poll(() => get("/metrics"))
    .toMatch(/landfall_boot_http_requests_total\{route="\/assets",status="200"\} 1/);
  const metrics = await get("/metrics");
  const value = (name: string) => Number(new RegExp(`^${name} (\\S+)$`, "m").exec(metrics)?.[1]);
  expect(value("landfall_boot_asset_bytes_total")).toBeGreaterThan(50_000);
  expect(value("landfall_boot_asset_bytes_total")).toBeLessThan(51_000);
  expect(value("landfall_boot_selection_duration_seconds_count")).toBeGreaterThan(0);
  expect(value('landfall_boot_machines\\{stage="ready"\\}')).toBe(2);
  // The page is not on the machines' listener, nor are metrics.
  expect((await fetch(`http://127.0.0.1:${http}/metrics`)).status).toBe(404);
  expect((await fetch(`http://127.0.0.1:${http}/api/fleet`)).status).toBe(404);
  await expect.poll(() => output).toContain("/api/fleet");
  for (const line of output.trimEnd().split("\n")) {
    expect(JSON.parse(line)).toMatchObject({
      level: expect.stringMatching(/^(info|warn)$/),
      time: expect.any(String),
    });
    expect(line).not.toMatch(/[\p{Cc}\u2028]/u);
  }
});

test("an open page does not keep it from ending", async () => {
  const response = await fetch(`http://127.0.0.1:${page}/events`);
  const started = performance.now();
  expect(await stop()).toBe(0);
  expect(performance.now() - started).toBeLessThan(3000);
  await response.body?.cancel().catch(() => {});
  stop = async () => 0;
});
