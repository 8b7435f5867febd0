// Runs specs of Kubernetes' own e2e tests, several at a time, against a cluster in a lab.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { parse, stringify } from "yaml";
import { inside, labNames } from "../../modules/lab/index.ts";
import type { Conformance } from "../../modules/release/index.ts";

export interface E2eOptions {
  readonly conformance: Conformance;
  readonly site: string;
  /** Of the cluster's administrator. */
  readonly kubeconfig: string;
  /** Full names. */
  readonly specs: readonly string[];
  /** How many specs run at a time. */
  readonly processes: number;
  /** For all of them. */
  readonly timeoutSeconds: number;
  /** Called with each line as it comes: a sign of life. */
  readonly onLine?: (line: string) => void;
}

export interface SpecResult {
  readonly name: string;
  readonly passed: boolean;
  readonly seconds: number;
  /** What went wrong; empty if it passed. */
  readonly failure: string;
  /** What the spec printed. */
  readonly output: string;
}

export interface E2eRun {
  /** Sorted by name; specs that did not come to run are not in it. */
  readonly results: readonly SpecResult[];
  readonly seconds: number;
  /** The last lines that ginkgo printed. */
  readonly lastLines: string;
}

/** Never rejects because specs fail: they are results. */
export async function runSpecs(options: E2eOptions): Promise<E2eRun> {
  const { conformance, site, specs, processes, timeoutSeconds, onLine } = options;
  const folder = mkdtempSync(join(tmpdir(), "landfall-e2e-"));
  const kubeconfig = join(folder, "kubeconfig");
  const report = join(folder, "report.json");
  try {
    writeFileSync(kubeconfig, withoutProxy(options.kubeconfig), { mode: 0o600 });
    const begun = performance.now();
    // Inside the lab's network: specs talk to nodes, and an address out here may be somebody else's.
    const [program = "", ...args] = inside(labNames(site).switchNamespace, [
      ...[conformance.ginkgo, `--procs=${processes}`, "--no-color", "--keep-going", "--grace-period=10s"],
      ...[`--timeout=${timeoutSeconds}s`, `--focus=${focus(specs)}`],
      ...[`--output-dir=${folder}`, "--json-report=report.json", conformance.e2eTest, "--"],
      ...[`--kubeconfig=${kubeconfig}`, `--kubectl-path=${conformance.kubectl}`, "--provider=skeleton"],
      ...["--disable-log-dump", "--dump-logs-on-failure=false"],
    ]);
    const ginkgo = execa(program, args, {
      env: { PATH: process.env.PATH, HOME: folder, KUBE_TEST_REPO_LIST: conformance.repoList },
      extendEnv: false,
      all: true,
      reject: false,
      stdin: "ignore",
    });
    if (onLine !== undefined) for await (const line of ginkgo.iterable({ from: "all" })) onLine(line);
    const { all } = await ginkgo;
    return {
      results: readReport(report),
      seconds: (performance.now() - begun) / 1000,
      lastLines: all.split("\n").slice(-40).join("\n"),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** What a first run and a second one of some of its specs come to: the second counts, for what it ran. */
export function afterSecondTry(first: E2eRun, second: E2eRun): E2eRun {
  const latest = new Map(second.results.map((result) => [result.name, result]));
  return {
    results: first.results.map((result) => latest.get(result.name) ?? result),
    seconds: first.seconds + second.seconds,
    lastLines: second.lastLines,
  };
}

/** Names of all conformance specs of a release, as its own e2e tests tell them. */
export async function conformanceSpecs({ e2eTest, repoList }: Conformance): Promise<readonly string[]> {
  const { stdout } = await execa(e2eTest, ["--list-conformance-tests"], {
    env: { KUBE_TEST_REPO_LIST: repoList },
  });
  return (parse(stdout) as { readonly codename: string }[]).map(({ codename }) => codename).sort();
}

function withoutProxy(kubeconfig: string): string {
  const config = parse(kubeconfig) as { clusters: { cluster: Record<string, unknown> }[] };
  for (const { cluster } of config.clusters) delete cluster["proxy-url"];
  return stringify(config);
}

/** A regular expression that matches these specs and no others. */
function focus(specs: readonly string[]): string {
  const names = specs.map((name) => name.replaceAll(/[\\.+*?()|[\]{}^$]/g, "\\$&"));
  return `^Kubernetes e2e suite (${names.join("|")})$`;
}

/** Of ginkgo's JSON report, what is used here. */
interface Report {
  readonly SpecReports:
    | readonly {
        readonly LeafNodeType: string;
        readonly ContainerHierarchyTexts: readonly string[] | null;
        readonly LeafNodeText: string;
        readonly State: string;
        /** Nanoseconds. */
        readonly RunTime: number;
        readonly NumAttempts: number;
        readonly Failure?: { readonly Message?: string };
        readonly CapturedGinkgoWriterOutput?: string;
      }[]
    | null;
}

function readReport(path: string): SpecResult[] {
  const reports = JSON.parse(readFileSync(path, "utf8")) as readonly Report[];
  return reports
    .flatMap(({ SpecReports }) => SpecReports ?? [])
    .filter(({ LeafNodeType, State, NumAttempts }) =>
      // Specs out of focus are in the report too: never tried. A failure in set-up is one of a node that is no spec.
      LeafNodeType === "It" ? NumAttempts > 0 : State !== "passed",
    )
    .map((spec) => ({
      name: [...(spec.ContainerHierarchyTexts ?? []), spec.LeafNodeText || spec.LeafNodeType].join(" "),
      passed: spec.State === "passed",
      seconds: spec.RunTime / 1e9,
      failure: spec.State === "passed" ? "" : `${spec.State}: ${spec.Failure?.Message ?? ""}`,
      output: spec.CapturedGinkgoWriterOutput ?? "",
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
