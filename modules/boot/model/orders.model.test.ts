// Whatever the interleaving: a machine in service is never wiped, and a deploy that keeps trying ends installed.
// `npm run soak -- orders 10000` plays many more.
import { describe, expect, test } from "vitest";
import type { Machines } from "../machine/machines.ts";
import type { MachineEvent, MachineRecord } from "../machine/types.ts";
import { checkOrders } from "./check.ts";
import type { Faulty } from "./world.ts";

const timeout = 60_000;

test("500 stories of power cuts, crashes, lost requests and wrong clocks", { timeout }, async () => {
  expect(await checkOrders({ runs: 500, seed: 1 })).toBeUndefined();
});

test("200 stories where the boot service always says install, as Matchbox does: the mark on the disk is enough", {
  timeout,
}, async () => {
  expect(await checkOrders({ runs: 200, seed: 2, faulty: { alwaysInstalls: true } })).toBeUndefined();
});

/** Does to the event what a service that looks less closely would do. */
function hears(change: (event: MachineEvent, record: MachineRecord | undefined) => MachineEvent): Faulty {
  return {
    machines: (machines: Machines) => ({
      ...machines,
      apply: async (mac, event) => machines.apply(mac, change(event, await machines.get(mac))),
    }),
  };
}

const wrong: Readonly<Record<string, Faulty>> = {
  "an order that is done is handed out again": {
    gate: (gate, machines) => ({
      ...gate,
      boot: async (mac) => {
        const answer = await gate.boot(mac);
        const order = (await machines.get(mac))?.order;
        return order?.state === "done" ? { boot: "order", order } : answer;
      },
    }),
  },
  "an order is handed out before it is written down as taken": {
    gate: (gate, machines) => ({
      ...gate,
      boot: async (mac) => {
        const answer = await gate.peek(mac);
        void machines.apply(mac, { type: "boot" }).catch(() => {});
        return answer;
      },
    }),
  },
  "writes do not compare": {
    store: (store) => ({ ...store, put: (kind, key, bytes) => store.put(kind, key, bytes) }),
  },
  "a late release lets go of whatever is installed": hears((event, record) =>
    event.type === "release" && record?.installed !== undefined
      ? { type: "release", ...record.installed }
      : event,
  ),
  "reports of other orders count": hears((event, record) =>
    event.type === "report" && record?.order !== undefined
      ? { type: "report", report: { ...event.report, order: record.order.id } }
      : event,
  ),
  "an arm takes what another cluster is installing": {
    machines: (machines) => ({
      ...machines,
      apply: async (mac, event) => {
        const order = event.type === "arm" ? (await machines.get(mac))?.order : undefined;
        if (order?.state === "running") await machines.apply(mac, { ...order, type: "cancel" });
        return machines.apply(mac, event);
      },
    }),
  },
  "an arm takes what is in service": {
    machines: (machines) => ({
      ...machines,
      apply: async (mac, event) => {
        const installed = event.type === "arm" ? (await machines.get(mac))?.installed : undefined;
        if (installed !== undefined) await machines.apply(mac, { ...installed, type: "release" });
        return machines.apply(mac, event);
      },
    }),
  },
  "the installer overwrites what is marked": { installerReadsMarker: false },
  "the boot service and the installer both look away": { installerReadsMarker: false, alwaysInstalls: true },
};

describe("a service built wrong is caught:", () => {
  test.each(Object.keys(wrong))("%s", { timeout }, async (name) => {
    expect(await checkOrders({ runs: 2_000, seed: 3, faulty: wrong[name]!, shrinkFor: 0 })).toBeDefined();
  });
});
