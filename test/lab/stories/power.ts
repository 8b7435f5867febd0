// What a cluster survives: the loss of a master, and of the power of all of them.
import { execFileSync } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "vitest";
import { inside, labNames } from "../../../modules/lab/index.ts";
import { type Api, readyNodes } from "../harness/api.ts";
import { eventually } from "../harness/eventually.ts";
import type { Rack } from "../harness/rack.ts";
import { tell } from "../harness/story.ts";

const cluster = "lab-v1";
const endpoint = "10.77.0.10";
const masters = ["m1", "m2", "m3"];
const configMaps = "/api/v1/namespaces/default/configmaps";

export function oneMasterDies(rack: () => Rack): void {
  test("a master's power is cut: the API answers on through the same endpoint", async () => {
    const api = await rack().api(cluster);
    const before = await readyNodes(api);
    const holder = holderOf(rack());
    const pulse = takePulse(api);
    await pulse.beats(10);
    const cut = new Date();
    await rack().lab.cutPower([holder]);
    // Well again when a second's worth of requests in a row, all sent after the cut, was answered.
    await pulse.steady(20);
    await api.create(configMaps, configMap("written-without-a-master"));
    const gap = await pulse.stop();
    tell(`longest silence of the endpoint when its master (${holder}) dies`, `${gap.toFixed(1)} s`);
    expect(gap).toBeLessThan(15);
    expect(holderOf(rack(), holder)).not.toBe(holder);

    await rack().lab.powerOn([holder]);
    await eventually(`${holder} to be Ready again`, 120, async () => {
      const ready = await readyNodes(api, cut);
      return ready.length === before.length ? true : undefined;
    });
    await eventually("all conditions", 120, async () => healthy(rack()));
  });
}

export function allMastersDie(rack: () => Rack): void {
  test("all masters' power is cut at once, without DHCP and boot service: back by itself, with its data", async () => {
    const api = await rack().api(cluster);
    const before = await readyNodes(api);
    await api.create(configMaps, configMap("written-before"));
    await rack().lab.cutPower(masters);
    await Promise.all([rack().lab.stopService("dhcp"), rack().lab.stopService("boot")]);
    await expect(api.ask("/readyz", { timeoutMs: 1000 })).rejects.toThrow();
    const back = new Date();
    const since = () => ((Date.now() - back.getTime()) / 1000).toFixed(1);
    await rack().lab.powerOn(masters);
    await eventually("the API", 180, async () =>
      (await api.ask("/readyz")).status === 200 ? true : undefined,
    );
    tell("all masters' power back, until the API answers", `${since()} s`);
    await eventually("all nodes Ready, and heard of", 180, async () => {
      return (await readyNodes(api, back)).length === before.length ? true : undefined;
    });
    tell("all masters' power back, until all nodes are Ready", `${since()} s`);
    const kept = await api.get<{ data: object }>(`${configMaps}/written-before`);
    expect(kept.data).toEqual({ key: "written-before" });
    await api.create(configMaps, configMap("written-after"));
    await eventually("all conditions", 120, async () => healthy(rack()));
    tell("all masters' power back, until all conditions hold", `${since()} s`);
    const { services } = await rack().lab.status();
    expect(services).toMatchObject({ dhcp: "stopped", boot: "stopped" });
    await Promise.all([rack().lab.startService("dhcp"), rack().lab.startService("boot")]);
  });
}

async function healthy(rack: Rack): Promise<true | undefined> {
  const { exitCode, output } = await rack.tryLandfall("status", cluster);
  if (exitCode === 0) return true;
  throw new Error(output);
}

function configMap(name: string): object {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name }, data: { key: name } };
}

/** The master with the endpoint's address. */
function holderOf(rack: Rack, without?: string): string {
  const names = labNames(rack.project.name);
  const holders = masters
    .filter((name) => name !== without)
    .filter((name) => {
      const [program = "", ...args] = inside(names.namespace(name), [
        "ip",
        "-o",
        "addr",
        "show",
        "to",
        endpoint,
      ]);
      return execFileSync(program, args, { encoding: "utf8" }).includes(endpoint);
    });
  expect(holders).toHaveLength(1);
  return holders[0]!;
}

/** Asks ten times a second, whether or not earlier answers have come. */
function takePulse(api: Api) {
  /** When answered requests were sent, and when their answers came; milliseconds. */
  const answers: { readonly sent: number; readonly came: number }[] = [];
  let over = false;
  let sent = 0;
  const asking = (async () => {
    const flying: Promise<void>[] = [];
    while (!over) {
      const at = performance.now();
      sent += 1;
      const answer = api.ask("/api/v1/namespaces/default", { timeoutMs: 3000 });
      flying.push(
        answer.then(
          ({ status }) => void (status === 200 && answers.push({ sent: at, came: performance.now() })),
          () => {},
        ),
      );
      await delay(100);
    }
    await Promise.all(flying);
  })();
  return {
    beats: (count: number) =>
      eventually("a steady pulse", 20, async () => (answers.length >= count ? true : undefined), 50),
    /** Resolves when `count` requests sent from now on were answered. */
    steady: async (count: number) => {
      const from = performance.now();
      await eventually(
        "the endpoint to answer again",
        60,
        async () => (answers.filter((answer) => answer.sent > from).length >= count ? true : undefined),
        50,
      );
    },
    /** The longest time without an answer, in seconds. */
    stop: async () => {
      over = true;
      await asking;
      const came = answers.map((answer) => answer.came).sort((a, b) => a - b);
      expect(sent).toBeGreaterThan(came.length / 2);
      return Math.max(...came.slice(1).map((time, index) => time - came[index]!)) / 1000;
    },
  };
}
