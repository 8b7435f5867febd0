// All listed conformance specs against a landed cluster.
import { specs } from "../conformance/lists.ts";
import { buildTests, cluster, describeFailures, masters, runOn, workers } from "../conformance/story.ts";
import { openRack } from "../lab/harness/rack.ts";

/** Resolves to whether exactly the listed specs ran, and all passed. */
export async function conformanceRun(say: (line: string) => void): Promise<boolean> {
  const tests = await buildTests();
  const rack = await openRack({
    name: "soak-e2e",
    machines: [...masters, ...workers],
    clusters: { [cluster]: { masters, workers } },
  });
  try {
    await rack.landfall("deploy", cluster);
    const run = await runOn(rack, tests, { specs, timeoutSeconds: 3600 }, say);
    const failures = describeFailures(run);
    if (failures !== "") say(failures);
    const passed = run.results.filter((result) => result.passed).length;
    say(`${passed} of ${specs.length} conformance specs passed in ${run.seconds.toFixed(0)} s`);
    return failures === "" && passed === specs.length;
  } finally {
    await rack.down();
  }
}
