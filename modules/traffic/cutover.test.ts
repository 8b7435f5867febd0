import { describe, expect, test } from "vitest";
import { fakeDeps } from "./fake-deps.ts";
import { cutover, type Traffic } from "./index.ts";

/** Traffic that tells what happens to it, in order, and when. */
function story({ share = 0, ...own }: Partial<Traffic> & { readonly share?: number } = {}) {
  const { clock } = fakeDeps();
  const events: string[] = [];
  const tell = (what: string) => events.push(`${clock.now() / 1000} ${what}`);
  let now = share;
  const traffic: Traffic = {
    from: "prod-v1",
    to: "prod-v2",
    shares: [0, 25, 100],
    cutsConnections: false,
    drainSeconds: 60,
    asksToDrain: true,
    state: async () => ({ share: now, shown: "as told", settleSeconds: 0 }),
    shift: async (to) => {
      now = to;
      tell(`shift ${to}`);
    },
    answers: async () => {},
    ready: async (side) => void tell(`ready ${side}`),
    startDrain: async (side) => void tell(`drain ${side}`),
    stopDrain: async (side) => void tell(`undrain ${side}`),
    ...own,
  };
  const go = async (to: number, signal?: AbortSignal) => {
    const report = await cutover({ traffic, share: to, clock, say: () => {}, signal });
    tell("end");
    return report;
  };
  return { traffic, events, go, clock, share: () => now };
}

describe("a cut-over", () => {
  test("finds green answering before anything moves, and lets blue drain after it", async () => {
    const { events, go } = story();
    const report = await go(100);
    expect(events).toEqual(["0 undrain to", "0 ready to", "0 shift 100", "0 drain from", "60 end"]);
    expect(report).toMatchObject({
      from: "prod-v1",
      to: "prod-v2",
      before: 0,
      share: 100,
      drained: "prod-v1",
      seconds: { drain: 60 },
    });
  });

  test("goes back the same way", async () => {
    const { events, go } = story({ share: 100 });
    expect((await go(0)).drained).toBe("prod-v2");
    expect(events).toEqual(["0 undrain from", "0 ready from", "0 shift 0", "0 drain to", "60 end"]);
  });

  test("of a share drains nobody, as both go on", async () => {
    const { events, go } = story();
    expect((await go(25)).drained).toBeUndefined();
    expect(events).toEqual(["0 undrain from", "0 undrain to", "0 ready to", "0 shift 25", "0 end"]);
  });

  test("ends connections first where the shift would cut them", async () => {
    const { events, go } = story({ cutsConnections: true });
    await go(100);
    expect(events).toEqual(["0 undrain to", "0 ready to", "0 drain from", "60 shift 100", "60 end"]);
  });

  test("does not wait before a shift that cuts them, if nobody is told to end them", async () => {
    const { events, go } = story({ cutsConnections: true, asksToDrain: false });
    await go(100);
    expect(events).toEqual(["0 undrain to", "0 ready to", "0 shift 100", "0 end"]);
  });

  test("waits for those who remember the old answer, then drains", async () => {
    const states = [300, 300];
    const { events, go } = story({
      state: async () => ({
        share: states.length === 2 ? 0 : 100,
        shown: "",
        settleSeconds: states.pop() ?? 0,
      }),
    });
    await go(100);
    expect(events.slice(-3)).toEqual(["0 shift 100", "300 drain from", "360 end"]);
  });

  test("run again after it was killed drains again: nobody knows since when", async () => {
    const { events, go } = story({ share: 100 });
    const report = await go(100);
    expect(events).toEqual(["0 undrain to", "0 drain from", "60 end"]);
    expect(report).toMatchObject({ before: 100, share: 100, drained: "prod-v1" });
  });

  test("to a green that does not answer moves nothing", async () => {
    const { events, go, share } = story({
      ready: async () => {
        throw new Error("green is silent");
      },
    });
    await expect(go(100)).rejects.toThrow("green is silent");
    expect(share()).toBe(0);
    expect(events).toEqual(["0 undrain to"]);
  });

  test("to a share that the driver cannot do touches nothing", async () => {
    const { events, go } = story();
    await expect(go(50)).rejects.toMatchObject({ code: "share-impossible" });
    expect(events).toEqual([]);
  });

  test("that is interrupted while it drains has moved, and says so the next time", async () => {
    const controller = new AbortController();
    const { go, share } = story({ startDrain: async () => controller.abort(new Error("Ctrl-C")) });
    await expect(go(100, controller.signal)).rejects.toThrow("Ctrl-C");
    expect(share()).toBe(100);
    expect((await go(100)).before).toBe(100);
  });
});

test("a cut that is interrupted while connections end has blue as it was, once its drain is taken back", async () => {
  const controller = new AbortController();
  const { go, share, events } = story({
    cutsConnections: true,
    startDrain: async () => controller.abort(new Error("Ctrl-C")),
  });
  await expect(go(100, controller.signal)).rejects.toThrow("Ctrl-C");
  expect(share()).toBe(0);
  events.length = 0;
  await cutoverBack();
  expect(events).toContain("0 undrain from");

  async function cutoverBack() {
    const back = await go(0);
    expect(back).toMatchObject({ before: 0, share: 0 });
  }
});
