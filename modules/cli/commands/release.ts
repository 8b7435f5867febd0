import { localLoader } from "../../boot/index.ts";
import {
  buildRelease,
  buildTools,
  knownReleases,
  type ProgressEvent,
  publishRelease,
  runProcess,
} from "../../release/index.ts";
import type { Invocation } from "../main.ts";
import { printJson, table } from "../output.ts";
import { planOf } from "../project.ts";
import { findRelease } from "../releases.ts";
import { releaseFor } from "../synth.ts";

export async function releaseListCommand({ workspace, json }: Invocation): Promise<undefined> {
  const releases = knownReleases.map((kubernetes) => ({
    kubernetes,
    release: findRelease(workspace, kubernetes),
  }));
  if (json)
    return printJson(releases.map(({ kubernetes, release }) => ({ kubernetes, release: release ?? null })));
  const rows = releases.map(({ kubernetes, release }) => [
    kubernetes,
    release?.id ?? `not built: npx landfall release build ${kubernetes}`,
  ]);
  process.stdout.write(`${table([["KUBERNETES", "RELEASE"], ...rows])}\n`);
}

/** The tools are built with it: Terraform's providers, Matchbox, kubectl. */
export async function releaseBuildCommand(
  invocation: Invocation,
  version = knownReleases[0] ?? "",
): Promise<undefined> {
  const { workspace, json, signal } = invocation;
  const progress = ({ step, state, detail, elapsed, left }: ProgressEvent) => {
    if (state !== "line")
      process.stderr.write(`${step.padEnd(28)} ${state} ${detail} (${elapsed.toFixed(0)} s, ${left} left)\n`);
  };
  const options = { cacheDir: workspace.cache, run: runProcess, signal, ...(json ? {} : { progress }) };
  await buildTools(options);
  const release = await buildRelease({ ...options, kubernetes: version });
  if (json) return printJson(release);
  process.stdout.write(`${release.id} is built\n`);
}

export async function releasePublishCommand(
  { workspace, json }: Invocation,
  cluster: string,
): Promise<undefined> {
  const plan = planOf(workspace, cluster);
  const release = releaseFor(workspace, plan);
  await publishRelease(release, workspace.cache, plan.boot.assets, localLoader);
  if (json) return printJson({ release: release.id, assets: plan.boot.assets });
  process.stdout.write(`${release.id} is published in ${plan.boot.assets}\n`);
}
