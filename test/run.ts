// `npm test`: everything that proves Landfall, in the order in which it fails fastest, and one closing count.
// `npm test -- unit peers` runs the named suites alone.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { execa } from "execa";

interface Suite {
  readonly name: string;
  readonly what: string;
  readonly run: () => Promise<Count>;
}

interface Count {
  readonly passed: number;
  readonly failed: number;
  /** What failed and the first words of why, a line each: they stand at the end, where a log that is cut still has them. */
  readonly failures: readonly string[];
}

/** The parts of vitest's JSON report that are read here. */
interface Report {
  readonly numPassedTests: number;
  readonly numTotalTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly message: string;
    readonly assertionResults: readonly {
      readonly status: string;
      readonly fullName: string;
      readonly failureMessages: readonly string[] | null;
    }[];
  }[];
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
for (const failure of results.flatMap(({ count }) => count.failures)) console.log(failure);
const passed = results.reduce((sum, { count }) => sum + count.passed, 0);
const failed = results.reduce((sum, { count }) => sum + count.failed, 0);
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);

async function lint(): Promise<Count> {
  const checks = [
    ["biome", "check", "."],
    ["tsc", "--noEmit"],
  ];
  const failures: string[] = [];
  for (const [command = "", ...args] of checks) {
    const { exitCode } = await execa(command, args, { stdio: "inherit", preferLocal: true, reject: false });
    if (exitCode !== 0) failures.push(`FAIL ${[command, ...args].join(" ")}`);
  }
  return { passed: checks.length - failures.length, failed: failures.length, failures };
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
    const told = JSON.parse(readFileSync(report, "utf8")) as Report;
    const { numPassedTests: passed, numTotalTests: total } = told;
    // A skipped test counts as failed: nothing is left out in silence.
    const failed = total - passed;
    return {
      passed,
      failed: failed === 0 && (exitCode !== 0 || total === 0) ? 1 : failed,
      failures: failuresOf(told),
    };
  } catch (error) {
    const why = `${project}: no report from vitest: ${error instanceof Error ? error.message : error}`;
    return { passed: 0, failed: 1, failures: [`FAIL ${why}`] };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The first lines of each failure; a file that did not load has no tests, and a message of its own. */
function failuresOf(report: Report): string[] {
  return report.testResults.flatMap(({ name, message, assertionResults }) => {
    const file = relative(process.cwd(), name);
    const tests = assertionResults
      .filter(({ status }) => status !== "passed")
      .map(({ fullName, status, failureMessages }) =>
        shortly(`FAIL ${file} > ${fullName}`, failureMessages?.[0] ?? status),
      );
    return assertionResults.length === 0 || message !== ""
      ? [...tests, shortly(`FAIL ${file}`, message)]
      : tests;
  });
}

function shortly(what: string, why: string): string {
  const lines = stripVTControlCharacters(why)
    .split("\n")
    .filter((line) => line.trim() !== "");
  return [what, ...lines.slice(0, 12).map((line) => `     ${line.slice(0, 200)}`)].join("\n");
}
