// `landfall power`, the real command, on machines that a shell script switches.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

const landfall = join(import.meta.dirname, "landfall.mjs");
const root = mkdtempSync(join(tmpdir(), "landfall-power-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

beforeAll(() => {
  const machines = [1, 2, 3].map(
    (number) => `  - name: e${number}
    mac: 52:54:00:20:00:1${number}
    address: 10.20.0.1${number}
    bmc:
      driver: exec
      state: [./outlet, state, "{name}"]
      on: [./outlet, "on", "{name}"]
      off: [./outlet, "off", "{name}"]
`,
  );
  mkdirSync(join(root, "clusters"));
  writeFileSync(join(root, "cdktf.json"), "{}");
  writeFileSync(
    join(root, "clusters/site.yaml"),
    `name: hall${process.pid}
networks: [{ name: rack, cidr: 10.20.0.0/24 }]
boot:
  service: matchbox
  http: http://10.20.0.5:8080
  rpc: 10.20.0.5:8081
  tls: { ca: tls/ca.crt, cert: tls/client.crt, key: tls/client.key }
  assets: assets
power: { atOnce: 1 }
machines:
${machines.join("")}`,
  );
  // e3 hears of nothing.
  const outlet = `#!/bin/sh
if [ "$1" = state ]; then cat "$2.power" 2>/dev/null || echo off; exit; fi
echo "$1 $2 begins" >>log
sleep 0.3
[ "$2" = e3 ] || echo "$1" >"$2.power"
echo "$1 $2 ends" >>log
[ "$2" != e3 ] || { echo "e3 hears nothing" >&2; exit 1; }
`;
  writeFileSync(join(root, "clusters/outlet"), outlet, { mode: 0o755 });
});

interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function run(...args: readonly string[]): Promise<Outcome> {
  const child = spawn(process.execPath, [landfall, ...args], {
    cwd: root,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (text) => {
    stdout += text;
  });
  child.stderr.on("data", (text) => {
    stderr += text;
  });
  return new Promise((resolve) => child.once("close", (code) => resolve({ code, stdout, stderr })));
}

test("machines come on in turns, in one command and in two, and say what they are", async () => {
  expect(await run("power", "state", "e1", "e2")).toEqual({
    code: 0,
    stdout: "e1: off\ne2: off\n",
    stderr: "",
  });
  const both = await Promise.all([run("power", "on", "e1"), run("power", "on", "e2")]);
  expect(both.map(({ code }) => code)).toEqual([0, 0]);
  const log = readFileSync(join(root, "clusters/log"), "utf8").trim().split("\n");
  expect(log).toHaveLength(4);
  for (const at of [0, 2]) expect(log[at + 1]).toBe(log[at]?.replace("begins", "ends"));
  const { stdout } = await run("power", "off", "e1", "--json");
  expect(JSON.parse(stdout)).toEqual([{ machine: "e1", state: "off" }]);
});

test("a machine that is not there is named before anything is done", async () => {
  const { code, stderr } = await run("power", "off", "e2", "x9");
  expect(code).toBe(1);
  expect(stderr).toContain("no site has a machine x9");
  expect((await run("power", "state", "e2")).stdout).toBe("e2: on\n");
});

test("one that does not do as told does not keep the others, and its command's own words are shown", async () => {
  const { code, stdout, stderr } = await run("power", "on", "e1", "e3", "--timeout", "4");
  expect(code).toBe(1);
  expect(stdout).toBe("e1: on\n");
  expect(stderr).toContain("could not power on e3 by ./outlet within 4 s");
  expect(stderr).toContain("e3 hears nothing");
});

test("a time-out that is none is wrong usage", async () => {
  const { code, stderr } = await run("power", "on", "e1", "--timeout", "soon");
  expect([code, stderr]).toEqual([2, expect.stringContaining("--timeout is a number of seconds")]);
});
