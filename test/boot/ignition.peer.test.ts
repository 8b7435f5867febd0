// What the boot service answers at /ignition, beside the real Matchbox.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { translate } from "@landfall/ignition";
import { corpus } from "@landfall/ignition/test/corpus";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Matchbox, startMatchbox } from "../support/matchbox.ts";
import { peerTools } from "../support/tools.ts";

const mutations = 3_000;
const seed = 11;

let folder: string;
let matchbox: Matchbox;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "landfall-ignition-"));
  matchbox = await startMatchbox((await peerTools()).matchbox, folder);
  writeFileSync(join(matchbox.data, "groups/all.json"), `{"id":"all","name":"all","profile":"all"}`);
  writeFileSync(
    join(matchbox.data, "profiles/all.json"),
    `{"id":"all","name":"all","ignition_id":"all.ign"}`,
  );
}, 600_000);
afterAll(async () => {
  await matchbox?.stop();
  rmSync(folder, { recursive: true });
});

async function matchboxServes(config: string): Promise<string> {
  writeFileSync(join(matchbox.data, "ignition/all.ign"), config);
  return (await fetch(`${matchbox.http}/ignition`)).text();
}

it("is byte for byte what Matchbox answers, for every config that Ignition takes", async () => {
  const empty = await matchboxServes("");
  expect(JSON.parse(empty)).toMatchObject({ ignition: { version: "" } });
  const configs = await corpus(seed, mutations);
  let served = 0;
  for (const config of configs) {
    const ours = translate(config);
    // One that is none: Matchbox answers the empty config, and 200.
    expect({ config, served: ours ?? empty }).toEqual({ config, served: await matchboxServes(config) });
    if (ours !== undefined) served += 1;
  }
  expect(served).toBeGreaterThan(1_500);
  console.log(
    `Matchbox agreed on ${configs.length} configs, ${served} of them valid, and on all bytes of these`,
  );
});
