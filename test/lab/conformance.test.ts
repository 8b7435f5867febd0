// Kubernetes' own e2e tests against a landed cluster. All that are listed run in `npm run soak`; here, some of each area.
import { beforeAll, expect, test } from "vitest";
import type { Conformance } from "../../modules/release/index.ts";
import { conformanceSpecs } from "../conformance/e2e.ts";
import { leftOut, races, shortSpecs, specs } from "../conformance/lists.ts";
import { buildTests, cluster, describeFailures, masters, runOn, workers } from "../conformance/story.ts";
import { tell, useRack } from "./harness/story.ts";

const rack = useRack({
  name: "conformance",
  machines: [...masters, ...workers],
  clusters: { [cluster]: { masters, workers } },
});

let conformance: Conformance;
beforeAll(async () => {
  conformance = await buildTests();
}, 1_800_000);

test("every conformance spec is listed, or left out for a reason that is given", async () => {
  const listed = [...specs, ...Object.values(leftOut).flat()].sort();
  expect(listed).toEqual(await conformanceSpecs(conformance));
  expect(specs).toEqual([...specs].sort());
  expect(shortSpecs).toEqual([...shortSpecs].sort());
  expect(specs).toEqual(expect.arrayContaining([...shortSpecs]));
  expect(specs).toEqual(expect.arrayContaining(races));
});

test("a cluster passes Kubernetes' own conformance specs", async () => {
  await rack().landfall("deploy", cluster);
  const run = await runOn(rack(), conformance, { specs: shortSpecs, timeoutSeconds: 900 }, console.log);
  tell(
    "conformance specs",
    `${run.results.filter(({ passed }) => passed).length} of ${shortSpecs.length} passed, ${run.seconds.toFixed(0)} s`,
  );
  const failures = describeFailures(run);
  // As the message, too: an assertion's own is cut before the reason.
  expect(failures, failures).toBe("");
  expect(run.results.map(({ name }) => name)).toEqual(shortSpecs);
}, 1_500_000);
