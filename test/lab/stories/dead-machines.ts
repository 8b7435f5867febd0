// Machines that take power and never boot delay nobody, and are named.
import { expect, test } from "vitest";
import { readyNodes } from "../harness/api.ts";
import { eventually } from "../harness/eventually.ts";
import type { Rack } from "../harness/rack.ts";
import { tell } from "../harness/story.ts";

const cluster = "lab-v1";
/** A master and a worker: two of three are a quorum. */
const dead = ["m3", "w2"];
const alive = ["m1", "m2", "w1"];

export function deadMachines(rack: () => Rack): void {
  test("two machines that never boot do not delay the others, and the error names them", async () => {
    await rack().lab.setDead(dead, true);
    const { exitCode, output, seconds } = await rack().tryLandfall("deploy", cluster);
    const failed = Date.now();
    expect(exitCode).toBe(1);
    for (const name of dead) {
      const about = output
        .split("\n")
        .filter((line) => line.includes(name))
        .join("\n");
      expect(about, `what is said of ${name}`).toMatch(/power on; last stage/);
    }
    const error = output.slice(output.lastIndexOf("error:"));
    for (const name of alive)
      expect(error, "the living are not to blame").not.toMatch(new RegExp(`\\b${name}\\b`));

    const api = await rack().api(cluster);
    await eventually("the others Ready", 60, async () => {
      return (await readyNodes(api)).join() === alive.join() ? true : undefined;
    });
    const times = alive.map((name) => {
      const of = (stage: string) =>
        rack()
          .events()
          .find((event) => event.machine === name && event.stage === stage);
      return [Date.parse(of("power")?.time ?? ""), Date.parse(of("ready")?.time ?? "")] as const;
    });
    const first = Math.min(...times.map(([power]) => power));
    const last = Math.max(...times.map(([, ready]) => ready));
    expect(last, "they were Ready before the dead were given up").toBeLessThan(failed);
    tell("with two dead machines, the others Ready after", `${((last - first) / 1000).toFixed(1)} s`);
    tell("with two dead machines, the deploy gives up after", `${seconds.toFixed(1)} s`);
  });

  test("repaired, the same command brings them in", async () => {
    await rack().lab.cutPower(dead);
    await rack().lab.setDead(dead, false);
    await rack().landfall("deploy", cluster);
    expect(await readyNodes(await rack().api(cluster))).toEqual([...alive, ...dead].sort());
  });
}
