// Of BMC calls, a fifth fail and a tenth of changes are claimed and not done: nobody has to notice.
import { expect, test } from "vitest";
import { readyNodes } from "../harness/api.ts";
import type { Rack } from "../harness/rack.ts";
import { tell } from "../harness/story.ts";

const cluster = "lab-v1";

export function lyingBmcs(rack: () => Rack): void {
  test("ten machines land although a fifth of BMC calls fail and a tenth of changes are lies", async () => {
    await rack().lab.setBmcFaults({ errors: 0.2, lies: 0.1, seed: 4 });
    const { seconds } = await rack().landfall("deploy", cluster);
    const { bmcFaults } = await rack().lab.status();
    const machines = rack().project.machines.map(({ name }) => name);
    expect(machines).toHaveLength(10);
    expect(await readyNodes(await rack().api(cluster))).toEqual([...machines].sort());
    expect(bmcFaults?.failed, "calls that failed").toBeGreaterThan(10);
    expect(bmcFaults?.lied, "changes that were lies").toBeGreaterThan(0);
    // Each was started once, or more where its boot failed: none was forgotten, none left out.
    for (const name of machines)
      expect(
        rack()
          .events()
          .filter(({ machine, stage }) => machine === name && stage === "power").length,
        name,
      ).toBeGreaterThan(0);
    tell("landing of ten machines with BMCs that fail and lie", `${seconds.toFixed(1)} s`);
    tell("their BMCs", `${bmcFaults?.calls} calls, ${bmcFaults?.failed} failed, ${bmcFaults?.lied} lies`);
  });

  test("power is read back through them, and cut through them", async () => {
    const { stdout } = await rack().landfall("power", "off", "w6", "w7");
    expect(stdout.trim().split("\n")).toEqual(["w6: off", "w7: off"]);
    const { machines } = await rack().lab.status();
    const off = machines.filter(({ power }) => power === "Off").map(({ name }) => name);
    expect(off).toEqual(["w6", "w7"]);
  });
}
