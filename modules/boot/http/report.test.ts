import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { LandfallError } from "../../spec/index.ts";
import { type Machines, openMachines } from "../machine/machines.ts";
import { openMemoryStore } from "../store/memory.ts";
import { reportApp } from "./report.ts";

const mac = "52:54:00:00:00:01";
const order = "0".repeat(32);
let machines: Machines;
let app: ReturnType<typeof reportApp>;

beforeEach(async () => {
  machines = openMachines({ store: openMemoryStore(), now: () => new Date("2026-01-02T03:04:05Z") });
  app = reportApp(machines);
  await machines.apply(mac, { type: "register", machine: { mac, name: "m1", site: "lab" } });
  await machines.apply(mac, {
    type: "arm",
    order: { id: order, kind: "install", cluster: "lab-v1", generation: "g1", seconds: 60 },
  });
  await machines.apply(mac, { type: "boot" });
});

const post = async (query: string, body = "", type = "application/x-www-form-urlencoded") => {
  const response = await app.request(`/report?${query}`, {
    method: "POST",
    body,
    headers: { "content-type": type, "content-length": String(Buffer.byteLength(body)) },
  });
  return { status: response.status, text: await response.text() };
};

describe("a report", () => {
  test("as JSON", async () => {
    const body = { order, stage: "install", percent: 40, console: ["one", "two"] };
    expect(await post(`mac=${mac}`, JSON.stringify(body), "application/json")).toEqual({
      status: 204,
      text: "",
    });
    expect(await machines.get(mac)).toMatchObject({ percent: 40, console: ["one", "two"] });
  });

  test("as a form, with empty fields for what a shell does not know", async () => {
    const body = `order=${order}&stage=install&percent=&result=&reason=&console=a+b%26c\n`;
    expect(await post("mac=52-54-00-00-00-01", body)).toMatchObject({ status: 204 });
    expect((await machines.get(mac))?.console).toEqual(["a b&c"]);
  });

  test("in the address, with the console as the body", async () => {
    const lines = Array.from({ length: 30 }, (_, index) => `{"line": ${index}} %&+=`);
    expect(
      await post(`mac=${mac}&order=${order}&result=installed&body=console`, lines.join("\n")),
    ).toMatchObject({
      status: 204,
    });
    const record = await machines.get(mac);
    expect(record?.installed).toMatchObject({ cluster: "lab-v1" });
    expect(record?.console).toEqual(lines.slice(-20));
  });

  test.each([
    ["no MAC", "", `order=${order}`, 400],
    ["a MAC that is none", "mac=525400000001", `order=${order}`, 400],
    ["another machine", "mac=52:54:00:00:00:02", `order=${order}`, 404],
    ["no order", `mac=${mac}`, "stage=install", 400],
    ["another order", `mac=${mac}`, `order=${"1".repeat(32)}&result=installed`, 409],
    ["a stage that there is not", `mac=${mac}`, `order=${order}&stage=lunch`, 400],
    ["percent beyond", `mac=${mac}`, `order=${order}&percent=1e9`, 400],
    ["percent that is no number", `mac=${mac}`, `order=${order}&percent=lots`, 400],
    ["half a JSON", `mac=${mac}`, `{"order": "${order}"`, 400],
    ["JSON with more", `mac=${mac}`, `{"order": "${order}", "installed": true}`, 400],
    ["too much", `mac=${mac}`, `order=${order}&console=${"x".repeat(70_000)}`, 413],
  ])("with %s changes nothing", async (_, query, body, status) => {
    const before = await machines.get(mac);
    expect((await post(query, body)).status).toBe(status);
    expect(await machines.get(mac)).toEqual(before);
  });

  test("of any bytes is answered, and written down whole or not at all", async () => {
    const known = fc.constantFrom(
      `order=${order}&`,
      `{"order":"${order}",`,
      "console=",
      "stage=install&",
      "%",
      "\0",
    );
    const body = fc.array(fc.oneof(known, fc.string({ unit: "binary", maxLength: 20 })), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(body, fc.boolean(), async (parts, raw) => {
        const { status } = await post(
          `mac=${mac}&order=${order}${raw ? "&body=console" : ""}`,
          parts.join(""),
        );
        expect([204, 400, 409]).toContain(status);
        expect(await machines.get(mac)).toMatchObject({ order: { id: order } });
      }),
      { seed: 7, numRuns: 2_000 },
    );
  });

  test("that cannot be written down now may come again, and hears nothing of paths", async () => {
    const failing = reportApp({
      ...machines,
      apply: () => Promise.reject(new LandfallError("store-full", "cannot write /srv/machines/x.json")),
    });
    const response = await failing.request(`/report?mac=${mac}`, { method: "POST", body: `order=${order}` });
    expect([response.status, await response.text()]).toEqual([503, "not now\n"]);
  });
});

describe("the question before writing", () => {
  const ask = async (query: string) => {
    const response = await app.request(`/report?${query}`);
    return [response.status, await response.text()];
  };

  test("is answered by the status, and in one word", async () => {
    expect(await ask(`mac=${mac}&order=${order}`)).toEqual([200, "running\n"]);
    expect(await ask(`mac=${mac}&order=${"1".repeat(32)}`)).toEqual([409, "other\n"]);
    expect(await ask(`mac=${mac}`)).toEqual([409, "other\n"]);
    expect(await ask("mac=52:54:00:00:00:02")).toEqual([409, "other\n"]);
    await machines.apply(mac, { type: "cancel", cluster: "lab-v1", generation: "g1" });
    expect(await ask(`mac=${mac}&order=${order}`)).toEqual([409, "cancelled\n"]);
  });
});
