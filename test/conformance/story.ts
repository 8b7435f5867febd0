// A landed cluster before Kubernetes' own tests.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { openWorkspace } from "../../modules/cli/index.ts";
import { buildConformance, type Conformance, runProcess } from "../../modules/release/index.ts";
import { repository } from "../lab/harness/project.ts";
import type { Rack } from "../lab/harness/rack.ts";
import { afterSecondTry, type E2eRun, runSpecs } from "./e2e.ts";
import { loadImages } from "./images.ts";
import { races } from "./lists.ts";

export const cluster = "lab-v1";
export const kubernetes = "1.34.1";
export const masters = ["m1", "m2", "m3"];
export const workers = ["w1", "w2"];

/** Specs wait more than they work; more at a time than this, and two cores make them wait for each other. */
const processes = 5;

/** The tests and their images, built when they are first asked for. */
export function buildTests(): Promise<Conformance> {
  const { cache } = openWorkspace(repository, process.env);
  return buildConformance({ kubernetes, cacheDir: cache, run: runProcess });
}

/**
 * Runs specs against the cluster, which must have landed on the rack. Those that upstream knows to lose a race are tried
 * once more when they fail.
 * @param say is told of each that was, and why.
 */
export async function runOn(
  rack: Rack,
  conformance: Conformance,
  options: { readonly specs: readonly string[]; readonly timeoutSeconds: number },
  say: (line: string) => void,
): Promise<E2eRun> {
  const site = rack.project.name;
  // Masters take no pods of the tests.
  await loadImages({ site, machines: workers, ctr: conformance.ctr, archives: conformance.images });
  await rack.api(cluster); // writes the kubeconfig
  const kubeconfig = readFileSync(join(rack.project.root, ".landfall/run", cluster, "kubeconfig"), "utf8");
  const run = await runSpecs({ conformance, site, kubeconfig, processes, ...options });
  const again = run.results.filter(({ name, passed }) => !passed && races.includes(name));
  if (again.length === 0) return run;
  for (const { name, failure } of again) say(`tried once more: ${name}\n${failure}`);
  const specs = again.map(({ name }) => name);
  const second = await runSpecs({ conformance, site, kubeconfig, processes: 1, ...options, specs });
  return afterSecondTry(run, second);
}

/** For people: what failed, and what the specs printed. */
export function describeFailures({ results, lastLines }: E2eRun): string {
  const failed = results.filter(({ passed }) => !passed);
  if (results.length === 0) return `no spec ran:\n${lastLines}`;
  return failed
    .map(({ name, failure, output }) => `== ${name}\n${failure}\n${output.slice(-4000)}`)
    .join("\n\n");
}
