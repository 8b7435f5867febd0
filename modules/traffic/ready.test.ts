// What openTraffic adds to every driver: the user's own check, and how connections end.
import { expect, test } from "vitest";
import { fakeDeps } from "./fake-deps.ts";
import { openTraffic, planTraffic, type TrafficDeps } from "./index.ts";

function open(runCommand: TrafficDeps["runCommand"]) {
  return openTraffic({
    plan: planTraffic({
      from: "prod-v1",
      to: "prod-v2",
      folder: "/p",
      file: "/p/c.yaml",
      traffic: {
        driver: "command",
        show: ["show"],
        shift: ["shift"],
        ready: ["answers", "--of={cluster}"],
        timeout: 20,
        drain: { seconds: 5, start: ["close", "{cluster}"], stop: ["open", "{cluster}"] },
      },
    }),
    deps: fakeDeps({ runCommand }),
  });
}

test("a cluster's own check is asked until it says yes", async () => {
  const asked: string[] = [];
  const traffic = open(async (argv) => {
    asked.push(argv.join(" "));
    if (asked.length < 4) throw new Error("answers ended with 1: 503");
    return "";
  });
  await traffic.ready("to");
  expect(asked).toEqual(Array(4).fill("answers --of=prod-v2"));
  await traffic.ready("from");
  expect(asked.at(-1)).toBe("answers --of=prod-v1");
});

test("a check that never says yes is named with what it said", async () => {
  const traffic = open(async () => {
    throw new Error("answers ended with 1: 503");
  });
  await expect(traffic.ready("to")).rejects.toMatchObject({
    code: "traffic-not-ready",
    message: "could not find prod-v2 ready for traffic within 20 s",
    details: { found: "answers ended with 1: 503" },
  });
});

test("drain starts and stops by the user's commands, for the cluster meant", async () => {
  const ran: string[] = [];
  const traffic = open(async (argv) => {
    ran.push(argv.join(" "));
    return "";
  });
  await traffic.startDrain("from");
  await traffic.stopDrain("to");
  expect(ran).toEqual(["close prod-v1", "open prod-v2"]);
  expect(traffic.drainSeconds).toBe(5);
});

test("a drain that fails stops the cut-over", async () => {
  const traffic = open(async () => {
    throw new Error("close ended with 1: no such ingress");
  });
  await expect(traffic.startDrain("from")).rejects.toMatchObject({
    code: "traffic-drain",
    details: { found: "close ended with 1: no such ingress", expected: "close to end with 0" },
  });
});
