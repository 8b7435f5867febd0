import { localLoader } from "../../boot/index.ts";
import { publishRelease } from "../../release/index.ts";
import type { StepContext } from "./context.ts";

/** Puts the release's files where the boot service serves them, before any profile names them. */
export async function releaseStep({ workspace, run, say }: StepContext): Promise<void> {
  const { plan, release } = run;
  await publishRelease(release, workspace.cache, plan.boot.assets, localLoader);
  say("release", `${release.id} is published`);
}
