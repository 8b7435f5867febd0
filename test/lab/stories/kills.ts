// A deploy that is killed at any moment goes on when it is run again.
import { expect, test } from "vitest";
import { random } from "../../support/random.ts";
import { readyNodes } from "../harness/api.ts";
import { processesOf } from "../harness/computer.ts";
import { killDeploy } from "../harness/kills.ts";
import type { Rack } from "../harness/rack.ts";
import { tell } from "../harness/story.ts";

const cluster = "lab-v1";
/** Any other is as good: `npm run soak` tries more. */
const seed = 2026;

export function kills(rack: () => Rack): void {
  test("the command killed, then its Terraform: run again, it converges", async () => {
    await rack().landfall("destroy", cluster);
    const next = random(seed);
    for (const victim of ["landfall", "terraform"] as const) {
      const kill = await killDeploy(rack(), cluster, victim, 1 + next() * 15);
      expect(kill, `${victim} was there to be killed`).toBeDefined();
      tell(`SIGKILL of ${victim} after ${kill?.after.toFixed(1)} s, at`, kill?.at ?? "");
    }
    const { output } = await rack().landfall("deploy", cluster);
    expect(output).toContain(`${cluster} is healthy`);
    expect(await readyNodes(await rack().api(cluster))).toEqual(["m1", "m2", "m3", "w1", "w2"]);
    const changes = JSON.parse((await rack().landfall("plan", cluster, "--json")).stdout).changes;
    expect(changes).toEqual([]);
    // What was orphaned by a kill was ended.
    const { root, name } = rack().project;
    expect(processesOf(name, root).filter(({ what }) => /terraform|landfall step/.test(what))).toEqual([]);
  });
}
