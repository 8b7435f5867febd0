// Bad HTTP: garbage, too much, too slowly, too many. Each is refused or cut off; machines boot meanwhile.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { random } from "../../support/random.ts";
import { ask } from "../peers.ts";
import {
  exchange,
  inService,
  type Memory,
  open,
  putInService,
  roomMegabytes,
  script,
  servedWhile,
  startVictim,
  type Victim,
} from "./victim.ts";

let victim: Victim;
let before: Memory;
let documents: Readonly<Record<string, unknown>>;

beforeAll(async () => {
  victim = await startVictim();
  await putInService(victim);
  before = victim.memory();
  documents = written();
}, 60_000);
afterAll(() => victim?.stop());

/** Without when a machine was last heard of. */
function written(): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(victim.tree()).map(([name, text]) => {
      if (!name.startsWith("machines/")) return [name, text];
      const { heard: _, ...rest } = JSON.parse(text);
      return [name, rest];
    }),
  );
}

afterEach(async () => {
  await servedWhile(victim, async () => {});
  expect((await ask(victim, `/ipxe?mac=${inService}`)).body).toContain("sanboot");
  expect(written()).toEqual(documents);
  await expect.poll(() => victim.memory().handles, { timeout: 10_000 }).toBeLessThan(before.handles + 30);
  expect(victim.memory().megabytes).toBeLessThan(before.megabytes + roomMegabytes);
});

const host = "Host: x\r\n";
const get = (path: string) => `GET ${path} HTTP/1.1\r\n${host}\r\n`;

describe("garbage", () => {
  const post = `POST /report?mac=${inService} HTTP/1.1\r\n${host}`;
  it.each([
    ["nothing but lines", "\r\n\r\n\r\n\r\nx\r\n\r\n"],
    ["half a request line", "GET\r\n\r\n"],
    ["a NUL in the path", `GET /ipxe?\0 HTTP/1.1\r\n${host}\r\n`],
    ["a NUL in a header", `GET /ipxe HTTP/1.1\r\n${host}X: a\0b\r\n\r\n`],
    ["an escape character in the path", `GET /ipxe?\x1b[31m HTTP/1.1\r\n${host}\r\n`],
    ["bytes beyond ASCII in the path", `GET /ipxe?\x9b31m HTTP/1.1\r\n${host}\r\n`],
    ["an unknown method", `BREW /ipxe HTTP/1.1\r\n${host}\r\n`],
    ["another version", `GET /ipxe HTTP/9.9\r\n${host}\r\n`],
    ["no host", "GET /ipxe HTTP/1.1\r\n\r\n"],
    ["a header without a colon", `GET /ipxe HTTP/1.1\r\n${host}X\r\n\r\n`],
    ["a space before the colon", `GET /ipxe HTTP/1.1\r\n${host}X : y\r\n\r\n`],
    ["a header of 20 KB", `GET /ipxe HTTP/1.1\r\n${host}X: ${"x".repeat(20_000)}\r\n\r\n`],
    ["a path of a megabyte", `GET /${"x".repeat(1_000_000)} HTTP/1.1\r\n${host}\r\n`],
    ["100,000 headers", `GET /ipxe HTTP/1.1\r\n${host}${"A: b\r\n".repeat(100_000)}\r\n`],
    ["two lengths", `${post}Content-Length: 5\r\nContent-Length: 6\r\n\r\norder=`],
    ["a length and chunks", `${post}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
    ["a negative length", `${post}Content-Length: -1\r\n\r\n`],
    ["a length past all numbers", `${post}Content-Length: 99999999999999999999\r\n\r\n`],
    ["a chunk of no size", `${post}Transfer-Encoding: chunked\r\n\r\nzz\r\nx\r\n0\r\n\r\n`],
    ["a chunk past all numbers", `${post}Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\nx\r\n`],
    ["a chunk longer than it says", `${post}Transfer-Encoding: chunked\r\n\r\n1\r\nxyz\r\n0\r\n\r\n`],
    ["a megabyte beside a chunk", `${post}Transfer-Encoding: chunked\r\n\r\n1;${"x".repeat(1_000_000)}`],
    ["TLS", "\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03"],
    ["HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0"],
    ["a tunnel", "CONNECT 10.0.0.1:22 HTTP/1.1\r\nHost: 10.0.0.1:22\r\n\r\n"],
  ])("%s", async (_, bytes) => {
    const { answer, closed } = await exchange(victim.http, bytes, 5000);
    expect(answer).not.toMatch(/^HTTP\/1.1 2/);
    expect(answer).toMatch(/^(?:HTTP\/1.1 4\d\d |$)/);
    expect(closed).toBe(true);
  });

  it("2,000 requests, each with some bytes changed", async () => {
    const next = random(4);
    const whole = [
      `GET /ipxe?mac=${inService}&uuid=u HTTP/1.1\r\n${host}Range: bytes=0-1\r\nConnection: close\r\n\r\n`,
      `${post}Connection: close\r\nContent-Length: 6\r\n\r\norder=`,
      `${post}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n6\r\norder=\r\n0\r\n\r\n`,
      `HEAD /assets/k HTTP/1.0\r\n${host}\r\n`,
    ];
    const statuses = new Map<string, number>();
    const one = async () => {
      const bytes = Buffer.from(whole[Math.floor(next() * whole.length)]!, "latin1");
      for (let times = 1 + Math.floor(next() * 4); times > 0; times--)
        bytes[Math.floor(next() * bytes.length)] = Math.floor(next() * 256);
      const { answer } = await exchange(victim.http, bytes, 200);
      const status = answer.slice(9, 12) || "none";
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    };
    for (let round = 0; round < 40; round++) await Promise.all(Array.from({ length: 50 }, one));
    console.log(`2000 requests with changed bytes: ${JSON.stringify(Object.fromEntries(statuses))}`);
    expect([...statuses.keys()].filter((status) => status.startsWith("5"))).toEqual([]);
  }, 60_000);
});

describe("too slowly", () => {
  it("whatever does not go on is cut off in 20 s: headers, bodies, silence", async () => {
    const report = `POST /report?mac=${inService} HTTP/1.1\r\n${host}`;
    /** Bytes at once, and then one each second. */
    const slow: readonly (readonly [string, string])[] = [
      ["", ""],
      ["", "GET /ipxe HTTP/1.1 "],
      [`GET /ipxe HTTP/1.1\r\n${host}X: `, "x"],
      [`${report}Content-Length: 60000\r\n\r\n`, "x"],
      [`${report}Transfer-Encoding: chunked\r\n\r\n`, "1\r\nx\r\n"],
      [`${report}Expect: 100-continue\r\nContent-Length: 60000\r\n\r\n`, ""],
      [`POST /ipxe HTTP/1.1\r\n${host}Content-Length: 1000000\r\n\r\n`, "x"],
      [`${get("/boot.ipxe")}GET /`, "x"],
    ];
    await servedWhile(victim, async () => {
      const open20 = await Promise.all(slow.flatMap((each) => Array.from({ length: 20 }, () => drip(each))));
      expect(Math.max(...open20)).toBeLessThan(20);
    });
  }, 60_000);

  it("readers that take nothing hold little memory, and nobody up", async () => {
    writeFileSync(join(victim.assets, "large"), Buffer.alloc(20_000_000, "x"));
    await servedWhile(victim, async () => {
      const sockets = Array.from({ length: 200 }, () => open(victim.http).pause());
      for (const socket of sockets) socket.write(get("/assets/large"));
      await setTimeout(3000);
      expect(victim.memory().megabytes).toBeLessThan(before.megabytes + roomMegabytes);
      for (const socket of sockets) socket.destroy();
    });
  }, 30_000);
});

/** Seconds until the service had enough of it. */
function drip([start, more]: readonly [string, string]): Promise<number> {
  const began = performance.now();
  return new Promise((resolve) => {
    const socket = open(victim.http);
    socket.write(start);
    const rest = [...more];
    const timer = setInterval(() => more !== "" && socket.write(rest.shift() ?? more), 1000);
    socket.resume().on("close", () => {
      clearInterval(timer);
      resolve((performance.now() - began) / 1000);
    });
  });
}

describe("too many", () => {
  it("9,000 connections that say nothing are more than are kept, and the next one is served", async () => {
    const sockets: ReturnType<typeof open>[] = [];
    await servedWhile(victim, async () => {
      for (let batch = 0; batch < 45; batch++) {
        for (let i = 0; i < 200; i++) sockets.push(open(victim.http));
        await Promise.all(sockets.slice(-200).map((socket) => established(socket)));
      }
      const { handles, megabytes } = victim.memory();
      expect(handles).toBeGreaterThan(5000);
      expect(handles).toBeLessThan(8192 + 200);
      expect(megabytes).toBeLessThan(before.megabytes + roomMegabytes);
    });
    for (const socket of sockets) socket.destroy();
  }, 60_000);

  it("requests that are sent before the answers came wait for their turn, up to 64", async () => {
    const few = await exchange(victim.http, get("/boot.ipxe").repeat(50), 2000);
    expect(few.answer.match(/HTTP\/1.1 200/g)).toHaveLength(50);
    const many = await Promise.all(
      Array.from({ length: 20 }, () => exchange(victim.http, get("/assets/k").repeat(5000), 5000)),
    );
    expect(many.every(({ closed }) => closed)).toBe(true);
    expect(victim.memory().handles).toBeLessThan(before.handles + 100);
  }, 30_000);

  it.each([
    ["with its length", `Content-Length: 10000000\r\n\r\n${"x".repeat(10_000_000)}`],
    [
      "in chunks",
      `Transfer-Encoding: chunked\r\n\r\n${`2710\r\n${"x".repeat(10_000)}\r\n`.repeat(1000)}0\r\n\r\n`,
    ],
    ["that is yet to come", "Content-Length: 100000000000\r\n\r\n"],
  ])(
    "a report of 10 MB %s is refused",
    async (_, rest) => {
      const { answer, closed } = await exchange(
        victim.http,
        `POST /report?mac=${inService} HTTP/1.1\r\n${host}${rest}`,
        15_000,
      );
      // Where the rest is still being sent, the answer may be lost with the connection.
      expect(answer).toMatch(/^(?:HTTP\/1.1 413 |$)/);
      expect(closed).toBe(true);
    },
    20_000,
  );

  it("a body that nobody asked for is not read", async () => {
    const { answer, closed } = await exchange(
      victim.http,
      `POST /boot.ipxe HTTP/1.1\r\n${host}Content-Length: 100000000000\r\n\r\nx`,
      5000,
    );
    expect(answer).toMatch(/^HTTP\/1.1 200 /);
    expect(closed).toBe(true);
  });
});

async function established(socket: ReturnType<typeof open>): Promise<void> {
  if (!socket.connecting) return;
  await new Promise((resolve) => socket.once("connect", resolve).once("close", resolve));
}

describe("paths", () => {
  it.each([
    "/assets/../../etc/passwd",
    "/assets/%2e%2e/%2e%2e/etc/passwd",
    "/assets/..%2f..%2f..%2f..%2fetc/passwd",
    "/assets/%252e%252e/%252e%252e/etc/passwd",
    "/assets/..%5c..%5cetc%5cpasswd",
    "/assets/..\\..\\matchbox\\groups\\g.json",
    "/assets/..%2fmatchbox/groups/g.json",
    "/assets/%2e%2e%2fmatchbox%2fgroups%2fg.json",
    "/assets/k/../../matchbox/groups/g.json",
    "/assets/.%00./matchbox/groups/g.json",
    "/assets/k%00",
    "/assets/%00",
    "/assets//etc/passwd",
    "/assets/%c0%ae%c0%ae/matchbox/groups/g.json",
    "/assets/k/",
    "/assets/k/x",
    `/assets/${"a".repeat(300)}`,
    `/assets/${"a/".repeat(4000)}`,
    "//assets/../etc/passwd",
    "/%2e%2e/%2e%2e/etc/passwd",
    "http://x/assets/../../etc/passwd",
  ])("%s leads nowhere", async (path) => {
    const { status, body } = await ask(victim, path);
    expect([301, 307, 404]).toContain(status);
    expect(body).not.toContain("root:");
    expect(body).not.toContain('"profile"');
  });
});

describe("labels", () => {
  const evil = [
    "a\nkernel http://evil/k",
    "a\r\nX-Evil: 1",
    "a\nNAME=evil",
    "${uuid}",
    "{{.name}}",
    "`reboot`$(reboot)",
    '"><script>alert(1)</script>',
    "\u001b[31m\u009b31m\u2028\u2029\u0085",
    'x","level":60,"msg":"forged',
    "../../etc/passwd",
    "__proto__",
    "constructor",
    "%s%n",
    "\0",
    "x".repeat(3000),
  ];

  it.each(evil)("%j writes no line of any answer, nor of the log", async (text) => {
    const coded = encodeURIComponent(text);
    const line = victim.logged().length;
    for (const query of [
      `hostname=${coded}`,
      `${coded}=x`,
      `mac=${coded}`,
      `uuid=u&serial=${coded}&${coded}=${coded}`,
    ]) {
      expect((await ask(victim, `/ipxe?${query}`)).body).toBe(script);
      expect((await ask(victim, `/grub?${query}`)).body).toBe((await ask(victim, "/grub")).body);
      const metadata = await ask(victim, `/metadata?${query}`);
      for (const each of metadata.body.trimEnd().split("\n"))
        expect(each).toMatch(/^(?:NAME=m|REQUEST_\S*=.*)$/);
      expect(metadata.body.split("\n").filter((each) => each.startsWith("NAME="))).toEqual(["NAME=m"]);
      const generic = await ask(victim, `/generic?${query}`);
      expect(generic.body).toBe(`name: m ${query}\n`);
      expect((await ask(victim, `/${coded}?${query}`)).headers).not.toHaveProperty("X-Evil");
    }
    const lines = victim.logged().slice(line).trimEnd().split("\n");
    for (const each of lines) {
      expect(JSON.parse(each)).not.toMatchObject({ msg: "forged" });
      expect(each).not.toMatch(/\p{Cc}|[\u2028\u2029]/u);
      expect(each.length).toBeLessThan(4000);
    }
  });
});
