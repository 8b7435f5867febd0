// `npm test`: everything that proves Landfall, in the order in which it fails fastest, and one closing count.
// `npm test -- unit peers` runs the named suites alone.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";

interface Suite {
  readonly name: string;
  readonly what: string;
  readonly run: () => Promise<Count>;
}

interface Count {
  readonly passed: number;
  readonly failed: number;
}

const suites: readonly Suite[] = [
  { name: "lint", what: "types, lint and format", run: lint },
  { name: "unit", what: "beside the code, without sockets", run: () => vitest("unit") },
  {
    name: "peers",
    what: "against real Ignition, OpenSSL, Go, sshd, etcd, Terraform, Matchbox and BMCs' emulators",
    run: () => vitest("peers"),
  },
  { name: "lab", what: "whole stories in the virtual rack", run: () => vitest("lab") },
];

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !suites.some((suite) => suite.name === name));
if (unknown.length > 0) {
  console.error(`no suite ${unknown.join(", ")}; there are: ${suites.map((suite) => suite.name).join(", ")}`);
  process.exit(2);
}

// What the suites stand on: packages, tools, releases. It says what it does, and does nothing twice.
const needsSetUp = wanted.length === 0 || wanted.some((name) => name === "peers" || name === "lab");
if (needsSetUp) {
  console.log("\n== set-up");
  const { exitCode } = await execa("landfall", ["lab", "setup", "--tests"], {
    stdio: "inherit",
    preferLocal: true,
    reject: false,
  });
  if (exitCode !== 0) process.exit(1);
}

const results: {
  readonly name: string;
  readonly what: string;
  readonly count: Count;
  readonly seconds: number;
}[] = [];
for (const suite of suites.filter(({ name }) => wanted.length === 0 || wanted.includes(name))) {
  console.log(`\n== ${suite.name}: ${suite.what}`);
  const started = performance.now();
  const count = await suite.run();
  results.push({ name: suite.name, what: suite.what, count, seconds: (performance.now() - started) / 1000 });
}

console.log("\n== what was tested");
for (const { name, what, count, seconds } of results) {
  const verdict = count.failed === 0 ? "ok  " : "FAIL";
  console.log(
    `${verdict} ${name.padEnd(6)} ${String(count.passed).padStart(5)} passed ${seconds.toFixed(0).padStart(5)} s  ${what}`,
  );
}
const passed = results.reduce((sum, { count }) => sum + count.passed, 0);
const failed = results.reduce((sum, { count }) => sum + count.failed, 0);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);

async function lint(): Promise<Count> {
  const checks = [
    ["biome", "check", "."],
    ["tsc", "--noEmit"],
  ];
  let failed = 0;
  for (const [command = "", ...args] of checks) {
    const { exitCode } = await execa(command, args, { stdio: "inherit", preferLocal: true, reject: false });
    if (exitCode !== 0) failed += 1;
  }
  return { passed: checks.length - failed, failed };
}

/** Runs one project of vitest.config.ts. A suite that ran no test, or was cut short, has failed. */
async function vitest(project: string): Promise<Count> {
  const folder = mkdtempSync(join(tmpdir(), "landfall-test-"));
  const report = join(folder, "report.json");
  try {
    const { exitCode } = await execa(
      "vitest",
      ["run", "--project", project, "--reporter=verbose", "--reporter=json", `--outputFile.json=${report}`],
      { stdio: "inherit", preferLocal: true, reject: false },
    );
    const { numPassedTests: passed, numTotalTests: total } = JSON.parse(readFileSync(report, "utf8")) as {
      numPassedTests: number;
      numTotalTests: number;
    };
    // A skipped test counts as failed: nothing is left out in silence.
    const failed = total - passed;
    return { passed, failed: failed === 0 && (exitCode !== 0 || total === 0) ? 1 : failed };
  } catch (error) {
    console.error(`${project}: no report from vitest: ${error instanceof Error ? error.message : error}`);
    return { passed: 0, failed: 1 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
