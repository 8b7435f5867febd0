// Two clusters side by side on the machines of one site, as blue and green are. By the real Matchbox, which stays a choice.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readyNodes } from "./harness/api.ts";
import { tell, useRack } from "./harness/story.ts";
import { mebibytes, memoryOf } from "./stories/cost.ts";
import { expectGone } from "./stories/destroy.ts";

const blue = ["b1", "b2", "b3", "b4", "b5"];
const green = ["g1", "g2", "g3", "g4", "g5"];
const rack = useRack({
  name: "twins",
  service: "matchbox",
  machines: [...blue, ...green],
  clusters: {
    "lab-v1": { masters: blue.slice(0, 3), workers: blue.slice(3), endpoint: 10 },
    "lab-v2": { masters: green.slice(0, 3), workers: green.slice(3), endpoint: 11 },
  },
});

test("two clusters of 3 + 2 land at the same time, in less than 8 GiB", async () => {
  const landed = await Promise.all(["lab-v1", "lab-v2"].map((cluster) => rack().landfall("deploy", cluster)));
  tell(
    "two clusters of 3 + 2 landing at the same time",
    `${Math.max(...landed.map(({ seconds }) => seconds)).toFixed(1)} s`,
  );
  expect(await readyNodes(await rack().api("lab-v1"))).toEqual(blue);
  expect(await readyNodes(await rack().api("lab-v2"))).toEqual(green);
  const { memory, mapped } = await memoryOf(rack());
  tell("memory of two clusters of 3 + 2", `${mebibytes(memory)}; with mapped files ${mebibytes(mapped)}`);
  expect(mapped).toBeLessThan(8 * 2 ** 30);
});

test("no name is shared: destroying one by cdktf leaves the other as it is", async () => {
  const groups = readdirSync(join(rack().project.lab, "matchbox/groups"));
  expect(groups).toHaveLength(10);
  for (const cluster of ["lab-v1", "lab-v2"]) {
    expect(groups.filter((name) => name.startsWith(cluster))).toHaveLength(5);
  }
  const before = { state: rack().state("lab-v2"), events: of(green).length };
  await rack().cdktf("destroy", "lab-v1", "--auto-approve", "--skip-provider-lock");
  await expectGone(rack(), "lab-v1", blue);
  expect(rack().state("lab-v2")).toBe(before.state);
  expect(of(green)).toHaveLength(before.events);
  await rack().landfall("status", "lab-v2");
  expect(JSON.parse((await rack().landfall("plan", "lab-v2", "--json")).stdout).changes).toEqual([]);
});

function of(machines: readonly string[]) {
  return rack()
    .events()
    .filter(({ machine }) => machines.includes(machine));
}
