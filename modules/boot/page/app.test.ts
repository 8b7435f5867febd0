import { afterEach, describe, expect, test, vi } from "vitest";
import { exampleFleet, exampleReplacement } from "../fleet/example-fleet.ts";
import { openLiveFleet } from "../fleet/index.ts";
import { silentLogger } from "../log/index.ts";
import { openMemoryStore } from "../store/memory.ts";
import type { BootStore } from "../store/types.ts";
import { openPage, type PageOptions } from "./app.ts";

const closing: (() => void)[] = [];
afterEach(() => {
  for (const close of closing.splice(0)) close();
});

async function open(options: Partial<PageOptions> = {}, wrap = (store: BootStore) => store) {
  const store = openMemoryStore();
  const { machines, conditions } = exampleFleet(new Date());
  const put = (kind: "machines" | "conditions" | "replacements", key: string, value: unknown) =>
    store.put(kind, key, Buffer.from(JSON.stringify(value)));
  for (const machine of machines) await put("machines", machine.mac.replaceAll(":", ""), machine);
  for (const report of conditions) await put("conditions", report.cluster, report);
  const fleet = openLiveFleet({ store: wrap(store), logger: silentLogger, retryMs: 5 });
  const page = openPage({ fleet, pace: { intervalMs: 1, heartbeatMs: 20 }, ...options });
  closing.push(page.close, fleet.close);
  await vi.waitFor(() => expect(fleet.records().length > 0 || fleet.trouble() !== undefined).toBe(true));
  return { store, fleet, page, machines, put };
}

test("a replacement is shown with both clusters, its steps, the traffic and the way back, in plain HTML", async () => {
  const { page, put } = await open();
  const report = exampleReplacement(new Date());
  const shown = async () => (await page.request("/")).text();
  expect(await shown()).not.toContain("Replacements");
  await put("replacements", report.green, report);
  await vi.waitFor(async () => expect(await shown()).toContain("Replacements"));
  const html = await shown();
  for (const text of [
    "prod-v1 to prod-v2: under way",
    "prod-v1 90%",
    "prod-v2 10%",
    "Point of no return",
    "until then it can be aborted",
    "Steps: 3 of 8 done",
    'aria-current="step"',
  ])
    expect(html).toContain(text);
  expect((await (await page.request("/api/fleet")).json()) as object).toMatchObject({
    replacements: [{ blue: "prod-v1", green: "prod-v2", share: 10, pointOfNoReturn: "ahead" }],
  });
  const hostile = { ...report, steps: [{ ...report.steps[3], title: "<script>x</script>" }] };
  await put("replacements", report.green, hostile);
  await vi.waitFor(async () => expect(await shown()).toContain("&lt;script&gt;x&lt;/script&gt;"));
  expect(await shown()).not.toContain("<script>x");
});

test("everything is read-only, and says so", async () => {
  const { page } = await open();
  for (const method of ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"]) {
    const response = await page.request("/", { method });
    expect([response.status, response.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
  }
  expect((await page.request("/events", { method: "HEAD" })).status).toBe(200);
  expect(page.clients()).toBe(0);
});

test.each(["/", "/page.js", "/page.css", "/api/fleet", "/machines/525400000021", "/healthz", "/nowhere"])(
  "%s bears what keeps browsers from being fooled",
  async (path) => {
    const { page } = await open();
    const { headers } = await page.request(path);
    expect(headers.get("content-security-policy")).toMatch(
      /^default-src 'none'; script-src 'self'; style-src 'self'/,
    );
    expect(headers.get("content-security-policy")).not.toContain("unsafe");
    expect(headers.get("x-content-type-options")).toBe("nosniff");
    expect(headers.get("access-control-allow-origin")).toBeNull();
  },
);

test("no order's id, and no inline script or style, is on any page", async () => {
  const { page } = await open();
  for (const path of ["/", "/api/fleet", "/machines/525400000021", "/machines/525400000021/more"]) {
    const text = await (await page.request(path)).text();
    expect(text).not.toContain("a".repeat(32));
    expect(text).not.toMatch(/<script>|<style|\son[a-z]+=|\sstyle=/);
  }
});

test("the same as JSON", async () => {
  const { page } = await open();
  expect(await (await page.request("/api/fleet")).json()).toMatchObject({
    signal: "act",
    counts: { act: 1, look: 1, busy: 4, good: 2, idle: 1 },
    clusters: [{ cluster: "lab-v1" }],
  });
});

test.each([
  "/machines/525400999999",
  "/machines/52:54:00:00:00:21",
  "/machines/../api",
  "/machines/%2e%2e/x",
])("%s is not there", async (path) => {
  const { page } = await open();
  expect((await page.request(path)).status).toBe(404);
});

test("files are asked for once", async () => {
  const { page } = await open();
  const first = await page.request("/page.css");
  const etag = first.headers.get("etag")!;
  expect((await page.request("/page.css", { headers: { "If-None-Match": etag } })).status).toBe(304);
});

describe("events", () => {
  async function* messages(response: Response): AsyncGenerator<Record<string, string>> {
    let text = "";
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      for (let end = text.indexOf("\n\n"); end >= 0; end = text.indexOf("\n\n")) {
        const lines = text.slice(0, end).split("\n");
        text = text.slice(end + 2);
        yield Object.fromEntries(lines.map((line) => [line.split(":", 1)[0]!, line.replace(/^\w*: ?/, "")]));
      }
    }
  }

  async function next(stream: AsyncGenerator<Record<string, string>>, wanted: string) {
    for (;;) {
      const { value } = await stream.next();
      if (value === undefined) return undefined;
      if (wanted === "alive" ? value[""] === "alive" : value.event === wanted) return value;
    }
  }

  test("go on where the client was, and only with what changed", async () => {
    const { page, machines, put } = await open();
    const html = await (await page.request("/")).text();
    const version = /data-version="([^"]+)" data-now/.exec(html)![1]!;
    const w1 = machines.find(({ name }) => name === "w1")!;
    const stream = messages(await page.request(`/events?from=${version}`));
    expect(await next(stream, "alive")).toBeDefined();
    await put("machines", "525400000021", { ...w1, percent: 55 });
    const patch = await next(stream, "patch");
    const ids = (JSON.parse(patch!.data!) as { id: string; html: string }[]).map(({ id }) => id);
    expect(ids).toContain("m-525400000021");
    expect(ids).not.toContain("m-525400000011");
    // After a loss, from there.
    await put("machines", "525400000021", { ...w1, percent: 56 });
    const headers = { "Last-Event-ID": patch!.id! };
    const again = messages(await page.request(`/events?from=${version}`, { headers }));
    expect((await next(again, "patch"))?.data).toContain("56%");
    await Promise.all([stream.return(undefined), again.return(undefined)]);
  });

  test("begin with the whole for whom comes from another process", async () => {
    const { page } = await open();
    const stream = messages(await page.request("/events?from=other.12"));
    expect(await next(stream, "reset")).toMatchObject({ id: expect.stringMatching(/^[0-9a-f]{12}\.\d+$/) });
    await stream.return(undefined);
  });

  test("are for a bounded number of pages, and a place that is left is free", async () => {
    const { page } = await open({ clients: 2 });
    const open1 = await page.request("/events");
    const open2 = await page.request("/events");
    const refused = await page.request("/events");
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "30"]);
    await open1.body!.cancel();
    await vi.waitFor(() => expect(page.clients()).toBe(1));
    expect((await page.request("/events")).status).toBe(200);
    await open2.body!.cancel();
  });

  test("let go of who takes nothing, and keep nothing for them", async () => {
    const { page, machines, put } = await open({
      pace: { intervalMs: 1, heartbeatMs: 10, writeTimeoutMs: 50 },
    });
    await page.request("/events");
    const w1 = machines.find(({ name }) => name === "w1")!;
    await put("machines", "525400000021", { ...w1, percent: 99 });
    await vi.waitFor(() => expect(page.clients()).toBe(0), { timeout: 5000 });
  });

  test("end when the service does", async () => {
    const { page } = await open();
    const stream = messages(await page.request("/events"));
    await next(stream, "reset");
    page.close();
    expect(await next(stream, "patch")).toBeUndefined();
  });
});

describe("supervisors", () => {
  test("are told that it lives, and why it is not ready", async () => {
    const { page } = await open({ notReady: async () => "the catalog is not loaded" });
    expect(await (await page.request("/healthz")).text()).toBe("ok\n");
    const response = await page.request("/readyz");
    expect([response.status, await response.text()]).toEqual([503, "not ready: the catalog is not loaded\n"]);
  });

  test("hear of a store that does not answer, people see it, and it is over by itself", async () => {
    let broken = true;
    const { page, fleet } = await open({}, (store) => ({
      ...store,
      list: (kind) => (broken ? Promise.reject(new Error("no disk at /srv/secret")) : store.list(kind)),
    }));
    await vi.waitFor(() => expect(fleet.trouble()?.what).toBe("the store does not answer"));
    expect((await page.request("/readyz")).status).toBe(503);
    const text = await (await page.request("/")).text();
    expect(text).toContain("This page is old: the store does not answer");
    expect(text).not.toContain("/srv/secret");
    broken = false;
    await vi.waitFor(() => expect(fleet.trouble()).toBeUndefined());
    expect((await page.request("/readyz")).status).toBe(200);
  });

  test("a document that is none is left out", async () => {
    const { store, page, fleet } = await open();
    await store.put("machines", "525400000077", Buffer.from("{"));
    await store.put("machines", "525400000078", Buffer.from('{"mac":"<script>"}'));
    await store.put("conditions", "lab-v1", Buffer.from("[]"));
    expect((await page.request("/")).status).toBe(200);
    expect(fleet.records()).toHaveLength(9);
  });
});
