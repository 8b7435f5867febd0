// The endpoints without a socket: orders before Matchbox's answers, and what is said while the store is out of reach. That
// the answers are Matchbox's is the contract suite's, test/boot/matchbox.peer.test.ts.
import { beforeEach, describe, expect, it } from "vitest";
import { LandfallError } from "../../spec/index.ts";
import { openCatalog } from "../catalog/index.ts";
import { bootGate } from "../gate.ts";
import { type Machines, openMachines } from "../machine/machines.ts";
import type { OrderKind } from "../machine/types.ts";
import { openMemoryStore } from "../store/memory.ts";
import type { BootStore } from "../store/types.ts";
import { localGrub, localIpxe } from "./local-boot.ts";
import { matchboxWire, type WireOptions } from "./wire.ts";

const mac = "52:54:00:00:00:01";
const id = "0123456789abcdef0123456789abcdef";
const query = "mac=52-54-00-00-00-01";
const time = { now: new Date("2026-01-02T03:04:05Z") };
let store: BootStore;
let machines: Machines;

const put = (kind: "groups" | "profiles" | "ignition" | "generic", key: string, value: unknown) =>
  store.put(kind, key, Buffer.from(typeof value === "string" ? value : JSON.stringify(value)));

beforeEach(async () => {
  store = openMemoryStore();
  machines = openMachines({ store, now: () => time.now });
  await put("groups", "default", { id: "default", profile: "p", metadata: { name: "m" } });
  await put("profiles", "p", {
    id: "p",
    boot: { kernel: "/k", args: ["a"] },
    ignition_id: "p.ign",
    generic_id: "g",
  });
  await put("ignition", "p.ign", { ignition: { version: "3.4.0" } });
  await put("generic", "g", "name: {{.name}}\n");
});

async function open(options: Partial<WireOptions> = {}) {
  const catalog = openCatalog(store, { pulseMilliseconds: 1e9 });
  await catalog.loaded;
  const wire = matchboxWire({ catalog, gate: bootGate(machines, () => time.now), assets: true, ...options });
  return {
    catalog,
    ask: async (target: string, headers: Record<string, string> = { host: "boot:8080" }, method = "GET") => {
      const routed = wire({ method, target, headers });
      if (routed.to !== "answer") return { status: 0, headers: {}, body: routed.to };
      const { status, headers: sent, body } = await routed.answer;
      return { status, headers: sent, body: Buffer.from(body).toString() };
    },
  };
}

async function register(kind?: OrderKind): Promise<void> {
  await machines.apply(mac, { type: "register", machine: { mac, name: "m1", site: "lab" } });
  if (kind === undefined) return;
  await machines.apply(mac, {
    type: "arm",
    order: { id, kind, cluster: "lab-v1", generation: "g1", seconds: 60 },
  });
}

describe("a machine that Landfall knows", () => {
  it("boots its disk, and has neither Ignition nor metadata", async () => {
    await register();
    const { ask } = await open();
    expect((await ask(`/ipxe?${query}`)).body).toBe(localIpxe);
    expect((await ask(`/grub?${query}`)).body).toBe(localGrub);
    for (const path of ["ignition", "metadata", "generic"])
      expect((await ask(`/${path}?${query}`)).status).toBe(404);
  });

  it.each([
    "MAC=52-54-00-00-00-02&mac=52-54-00-00-00-01",
    "mac=52-54-00-00-00-02&MAC=52-54-00-00-00-01",
    "MAC=52-54-00-00-00-01",
    "mac=5254.0000.0001",
    "mac=525400000001",
    "mac=52:54:00:00:00:01&mac=x",
  ])("is known by %s", async (spelling) => {
    await register();
    const { ask } = await open();
    expect((await ask(`/ipxe?${spelling}`)).body).toBe(localIpxe);
  });

  it.each([
    ["install", ""],
    ["wipe", " landfall.action=wipe"],
    ["rescue", " landfall.action=rescue"],
    ["memory", ""],
  ] as const)("boots its profile by an order: %s", async (kind, action) => {
    await register(kind);
    const { ask } = await open();
    expect((await ask(`/ignition?${query}`)).status).toBe(404);
    const report = `http://boot:8080/report?mac=52-54-00-00-00-01`;
    expect((await ask(`/ipxe?${query}`)).body).toBe(
      `#!ipxe\nkernel /k a landfall.order=${id} landfall.report=${report}${action}\nboot\n`,
    );
    expect((await machines.get(mac))?.order).toMatchObject({ state: "running", boots: 1 });
    expect((await ask(`/ignition?${query}`)).status).toBe(200);
    expect((await ask(`/metadata?${query}`)).body).toContain("NAME=m\n");
    expect((await ask(`/generic?${query}`)).body).toBe("name: m\n");
  });

  it.each(["HEAD", "POST", "DELETE"])("keeps its order when somebody says %s", async (method) => {
    await register("install");
    const { ask } = await open();
    expect((await ask(`/ipxe?${query}`, undefined, method)).body).toContain(`landfall.order=${id}`);
    expect((await machines.get(mac))?.order).toMatchObject({ state: "armed", boots: 0 });
  });

  it("boots an order that was armed while it asked", async () => {
    await register("install");
    const gate = bootGate(machines, () => time.now);
    const { ask } = await open({ gate: { ...gate, peek: async () => ({ boot: "local" }) } });
    expect((await ask(`/ipxe?${query}`)).body).toContain(`landfall.order=${id}`);
  });

  it("boots its disk once the order is done, or has expired", async () => {
    await register("install");
    const { ask } = await open();
    await ask(`/ipxe?${query}`);
    await machines.apply(mac, { type: "report", report: { order: id, result: "installed" } });
    expect((await ask(`/ipxe?${query}`)).body).toBe(localIpxe);
    expect((await ask(`/ignition?${query}`)).status).toBe(404);
  });

  it("keeps its order while there is no profile for it", async () => {
    await register("install");
    await store.delete("groups", "default");
    const { ask } = await open();
    expect(await ask(`/ipxe?${query}`)).toMatchObject({ status: 503, headers: { "Retry-After": "1" } });
    expect((await machines.get(mac))?.order).toMatchObject({ state: "armed", boots: 0 });
  });

  it("is told to report where it asked, and nowhere else", async () => {
    await register("install");
    const { ask } = await open();
    expect((await ask(`/ipxe?${query}`, { host: "a b\nkernel evil" })).status).toBe(400);
    expect((await ask(`/ipxe?${query}`, {})).status).toBe(400);
    expect((await machines.get(mac))?.order).toMatchObject({ state: "armed", boots: 0 });
    expect((await ask(`/ipxe?${query}`, { host: "[fd00::1]:80" })).body).toContain(
      "landfall.report=http://[fd00::1]:80/report?",
    );
    const fixed = await open({ reportUrl: "http://10.0.0.1" });
    expect((await fixed.ask(`/ipxe?${query}`, {})).body).toContain("landfall.report=http://10.0.0.1/report?");
  });
});

describe("any other machine", () => {
  it.each(["mac=52-54-00-00-00-02", "uuid=x", ""])("is answered as by Matchbox: %s", async (other) => {
    await register("install");
    const { ask } = await open();
    expect((await ask(`/ipxe?${other}`)).body).toBe("#!ipxe\nkernel /k a\nboot\n");
    expect((await ask(`/ignition?${other}`)).status).toBe(200);
    expect((await machines.get(mac))?.order?.boots).toBe(0);
  });
});

describe("while the store is out of reach", () => {
  const outage = new LandfallError("store-unreachable", "the database gives\nno answer");

  it("asks to be asked again, before the first read", async () => {
    const catalog = openCatalog({ ...store, list: () => Promise.reject(outage) });
    const wire = matchboxWire({ catalog, assets: true });
    const routed = wire({ method: "GET", target: "/ipxe", headers: {} });
    expect(routed).toMatchObject({ answer: { status: 503, headers: { "Retry-After": "1" } } });
    expect(wire({ method: "GET", target: "/boot.ipxe", headers: {} })).toMatchObject({
      answer: { status: 503 },
    });
    catalog.close();
  });

  it("asks to be asked again when the order cannot be looked up", async () => {
    await register("install");
    const gate = { boot: () => Promise.reject(outage), peek: () => Promise.reject(outage) };
    const { ask } = await open({ gate });
    for (const path of ["ipxe", "grub", "ignition", "metadata"])
      expect(await ask(`/${path}?${query}`)).toMatchObject({
        status: 503,
        body: "503 not ready: the database gives no answer\n",
      });
    expect((await ask("/ipxe")).status).toBe(200);
  });

  it("answers again once it is there", async () => {
    const down = { is: false };
    const flaky: BootStore = {
      ...store,
      get: (...args) => (down.is ? Promise.reject(outage) : store.get(...args)),
      list: (...args) => (down.is ? Promise.reject(outage) : store.list(...args)),
    };
    const catalog = openCatalog(flaky, { pulseMilliseconds: 5 });
    await catalog.loaded;
    const wire = matchboxWire({ catalog, assets: true });
    const status = async () => {
      const routed = wire({ method: "GET", target: "/metadata?x", headers: {} });
      return routed.to === "answer" ? (await routed.answer).status : 0;
    };
    expect(await status()).toBe(200);
    down.is = true;
    await expect.poll(status, { interval: 5 }).toBe(503);
    await store.delete("groups", "default");
    down.is = false;
    await expect.poll(status, { interval: 5 }).toBe(404);
    catalog.close();
  });
});

describe("what Matchbox would answer worse", () => {
  it("a broken Ignition config is no empty one", async () => {
    await put("ignition", "p.ign", "{");
    const { ask } = await open();
    expect((await ask("/ignition")).status).toBe(500);
  });

  it("a label cannot write lines of metadata", async () => {
    const { ask } = await open();
    const { body } = await ask("/metadata?hostname=a%0ANAME=evil&b%0dc=1&ok=1");
    expect(body).toBe("NAME=m\nREQUEST_QUERY_OK=1\nREQUEST_RAW_QUERY=hostname=a%0ANAME=evil&b%0dc=1&ok=1\n");
  });

  it("a template that cannot be rendered here says so", async () => {
    await put("generic", "g", "{{call .x}}");
    const { ask } = await open();
    expect(await ask("/generic")).toMatchObject({ status: 500 });
  });
});

describe("paths", () => {
  it.each(["/assets/a", "/assets/%2e%2e/a", "/report", "/x"])("%s is others' to answer", async (path) => {
    const { ask } = await open();
    expect((await ask(path)).body).toBe(path.startsWith("/assets/") ? "assets" : "other");
  });

  it.each(["", "x", "*", "/%", "ftp://x/"])("%j is none", async (path) => {
    const { ask } = await open();
    expect((await ask(path)).status).toBe(400);
  });
});
