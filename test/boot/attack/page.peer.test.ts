// What machines and deploys say is shown to people: as text, and as nothing else. And the page's listener is attacked too.
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { freePorts } from "../../support/ports.ts";
import {
  exchange,
  impatientClientOf,
  inService,
  open,
  servedWhile,
  startVictim,
  type Victim,
} from "./victim.ts";

const evil = `"><img src=x onerror=alert(1)></td><script>alert(2)</script>`;
const lines = [
  evil,
  "\u001b[2J\u001b]0;owned\u0007",
  "\u009b31m",
  "a\r\nevent: evil\r\ndata: x",
  "a\u2028b\u202ec",
  'x"} 1\nlandfall_evil{a="b"} 1',
];
let victim: Victim;
let page: string;

beforeAll(async () => {
  const [port] = await freePorts(1);
  page = `http://127.0.0.1:${port}`;
  victim = await startVictim([`-page-address=127.0.0.1:${port}`]);
  const client = impatientClientOf(victim);
  try {
    // Nobody may name a machine so in a site file; whoever has a certificate may.
    const named = { name: `<b>m1</b>'"&`, site: "<i>", rack: "<script>1</script>", position: "<u>" };
    await client.register({ mac: inService, ...named });
    const landing = { mac: inService, cluster: "<em>c", generation: "<g>" };
    const { order } = await client.arm({ ...landing, kind: "install", seconds: 600 });
    await victim.boot();
    await fetch(`${victim.http}/ipxe?mac=${inService}`);
    const reports = [
      { order: order!.id, stage: "install", percent: 3, console: lines },
      { order: order!.id, result: "failed", reason: lines.join(" ") },
    ];
    for (const report of reports) {
      const body = JSON.stringify(report);
      const { status } = await fetch(`${victim.http}/report?mac=${inService}`, { method: "POST", body });
      expect(status).toBe(204);
    }
    const conditions = [{ name: evil, ok: false, describe: evil, evidence: lines.join("\n") }];
    await client.putConditions("<em>c", { cluster: "<em>c", conditions });
  } finally {
    client.close();
  }
  while (!(await (await fetch(`${page}/`)).text()).includes("onerror")) await setTimeout(50);
}, 60_000);
afterAll(() => victim?.stop());

it.each(["/", `/machines/${inService.replaceAll(":", "")}`])("%s shows tags as text", async (path) => {
  const response = await fetch(page + path);
  const text = await response.text();
  expect(response.headers.get("content-security-policy")).toContain("default-src 'none'");
  for (const tag of ["<img", "<script>", "<em>c", "<b>m1", "<i>", "<u>", "<g>"])
    expect(text).not.toContain(tag);
  expect(text).not.toMatch(/[^\P{Cc}\n]|[\u2028\u2029\u202e]/u);
});

it("/api/fleet is JSON, and says so", async () => {
  const response = await fetch(`${page}/api/fleet`);
  expect(response.headers.get("content-type")).toContain("application/json");
  expect(response.headers.get("x-content-type-options")).toBe("nosniff");
  expect(JSON.stringify(await response.json())).toContain("onerror");
});

it("/events tells nothing that the page's own messages are not", async () => {
  const { answer } = await exchange(page, "GET /events HTTP/1.1\r\nHost: x\r\n\r\n", 1500);
  expect(answer).toContain("text/event-stream");
  expect(answer).not.toMatch(/^event: evil/m);
  for (const tag of ["<img", "<script>", "<em>c"]) expect(answer).not.toContain(tag);
});

it("/metrics has no line of others'", async () => {
  const text = await (await fetch(`${page}/metrics`)).text();
  for (const line of text.split("\n").filter((each) => each !== ""))
    expect(line).toMatch(/^(?:# (?:HELP|TYPE) \S+ .*|[a-z_0-9]+(?:\{.*\})? [-+0-9.eInfNa]+)$/);
  expect(text).not.toMatch(/^landfall_evil/m);
});

it("is read only, and leads nowhere else", async () => {
  for (const method of ["POST", "PUT", "DELETE", "PATCH"])
    expect((await fetch(`${page}/`, { method })).status).toBe(405);
  for (const path of [
    "/page.css/../../machine.ts",
    "/..%2f..%2fapp.ts",
    "/machines/..%2f..",
    "/%00",
    "/static/page.js",
  ]) {
    const { answer } = await exchange(
      page,
      `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
      3000,
    );
    expect(answer).toMatch(/^HTTP\/1.1 4\d\d /);
  }
});

it("1,000 connections that say nothing, and 100 open pages that nobody reads, keep neither people nor machines out", async () => {
  const sockets = Array.from({ length: 1000 }, () => open(page));
  const readers = Array.from({ length: 100 }, () => open(page).pause());
  for (const socket of readers) socket.write("GET /events HTTP/1.1\r\nHost: x\r\n\r\n");
  const seen = async () => {
    const start = performance.now();
    expect((await fetch(`${page}/`)).status).toBe(200);
    return performance.now() - start;
  };
  await servedWhile(victim, () => setTimeout(1000), seen);
  for (const socket of [...sockets, ...readers]) socket.destroy();
}, 30_000);
