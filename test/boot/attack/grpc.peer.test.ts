// The gRPC port: what comes without a certificate gets no further than TLS; what comes with one is bounded all the same.
import { readFileSync } from "node:fs";
import { connect as connectHttp2, constants } from "node:http2";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { random } from "../../support/random.ts";
import { ask, outcome, withClients } from "../peers.ts";
import { call, flags, frame, literal, message, session, types, uint32 } from "./frames.ts";
import {
  exchange,
  impatientClientOf,
  inService,
  type Memory,
  open,
  putInService,
  roomMegabytes,
  servedWhile,
  startVictim,
  type Victim,
} from "./victim.ts";

let victim: Victim;
let before: Memory;
let documents: Readonly<Record<string, string>>;

beforeAll(async () => {
  victim = await startVictim();
  await putInService(victim);
  await deployer();
  before = victim.memory();
  documents = victim.tree();
}, 60_000);
afterAll(() => victim?.stop());
afterEach(async () => {
  await deployingWhile(async () => {});
  expect(victim.tree()).toEqual(documents);
  await expect.poll(() => victim.memory().handles, { timeout: 20_000 }).toBeLessThan(before.handles + 30);
  expect(victim.memory().megabytes).toBeLessThan(before.megabytes + roomMegabytes);
});

/** Milliseconds until a deploy that comes now has its answer. */
async function deployer(): Promise<number> {
  const start = performance.now();
  const peer = withClients({ ...victim, stop: async () => {} });
  try {
    const answer = await outcome(peer.groups.groupList({}, { timeoutMs: 5000 }), victim);
    expect(answer).toMatchObject({ groups: [{ id: "g" }] });
  } finally {
    await peer.stop();
  }
  return performance.now() - start;
}

/** Both machines and deploys are served. */
const deployingWhile = (attack: () => Promise<unknown>) => servedWhile(victim, attack, deployer);

describe("without a certificate", () => {
  const next = random(5);
  it.each([
    ["HTTP", Buffer.from("GET / HTTP/1.1\r\nHost: x\r\n\r\n")],
    ["HTTP/2 without TLS", Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0", "latin1")],
    ["bytes", Buffer.from(Array.from({ length: 100_000 }, () => Math.floor(next() * 256)))],
    ["a greeting that promises more", Buffer.from("\x16\x03\x01\xff\xff\x01\0\xff\xfb\x03\x03", "latin1")],
    ["an alert", Buffer.from("\x15\x03\x01\0\x02\x02\x28", "latin1")],
  ])(
    "%s is cut off",
    async (_, bytes) => {
      const { answer, closed, seconds } = await exchange(victim.rpc, bytes, 15_000);
      expect(answer).not.toMatch(/^HTTP/);
      expect(closed).toBe(true);
      expect(seconds).toBeLessThan(13);
    },
    30_000,
  );

  it("2,000 connections that are half way into TLS keep no deploy out", async () => {
    const sockets: ReturnType<typeof open>[] = [];
    await deployingWhile(async () => {
      for (let batch = 0; batch < 20; batch++) {
        for (let i = 0; i < 100; i++) sockets.push(open(victim.rpc));
        for (const socket of sockets.slice(-100))
          socket.write(Buffer.from("\x16\x03\x01\x02\0\x01", "latin1"));
        await setTimeout(50);
      }
      expect(victim.memory().handles).toBeLessThan(before.handles + 700);
    });
    for (const socket of sockets) socket.destroy();
  }, 60_000);
});

const stop = frame(types.reset, 0, 1, uint32(constants.NGHTTP2_CANCEL));
const groupList = "/rpcpb.Groups/GroupList";

describe("with a certificate", () => {
  it.each<[string, () => readonly Buffer[]]>([
    [
      "20,000 calls, each of them taken back at once",
      () =>
        Array.from({ length: 20_000 }, (_, i) =>
          Buffer.concat([
            frame(types.headers, flags.endHeaders, 2 * i + 1, call(groupList)),
            frame(types.reset, 0, 2 * i + 1, stop.subarray(9)),
          ]),
        ),
    ],
    [
      "100,000 settings",
      () =>
        Array.from({ length: 100_000 }, () => frame(types.settings, 0, 0, Buffer.from([0, 4, 0, 1, 0, 0]))),
    ],
    ["100,000 pings", () => Array.from({ length: 100_000 }, () => frame(types.ping, 0, 0, Buffer.alloc(8)))],
    [
      "headers that never end",
      () => [
        frame(types.headers, 0, 1, call(groupList)),
        ...Array.from({ length: 5000 }, () =>
          frame(types.continuation, 0, 1, literal("x", "y".repeat(1000))),
        ),
      ],
    ],
    [
      "headers of a megabyte",
      () => [
        frame(types.headers, 0, 1, call(groupList)),
        ...Array.from({ length: 100 }, (_, i) =>
          frame(types.continuation, i === 99 ? flags.endHeaders : 0, 1, literal(`x${i}`, "y".repeat(10_000))),
        ),
      ],
    ],
    [
      "100,000 empty pieces of a body",
      () => [
        frame(types.headers, flags.endHeaders, 1, call(groupList)),
        ...Array.from({ length: 100_000 }, () => frame(types.data, 0, 1)),
      ],
    ],
    [
      "100,000 priorities",
      () =>
        Array.from({ length: 100_000 }, (_, i) =>
          frame(types.priority, 0, 2 * i + 1, Buffer.from([0, 0, 0, 0, 1])),
        ),
    ],
    [
      "a window past all numbers",
      () => [
        frame(types.windowUpdate, 0, 0, uint32(0x7fff_ffff)),
        frame(types.windowUpdate, 0, 0, uint32(0x7fff_ffff)),
      ],
    ],
    ["a body before any headers", () => [frame(types.data, 0, 1, Buffer.alloc(100))]],
    ["a frame longer than agreed", () => [frame(types.data, 0, 1, Buffer.alloc(100_000))]],
    ["headers that are no HPACK", () => [frame(types.headers, flags.endHeaders, 1, Buffer.alloc(100, 0xff))]],
    ["unknown frames", () => Array.from({ length: 10_000 }, () => frame(0xee, 0xff, 1, Buffer.alloc(100)))],
    [
      "300 calls that are never asked in whole",
      () =>
        Array.from({ length: 300 }, (_, i) =>
          frame(types.headers, flags.endHeaders, 2 * i + 1, call(groupList)),
        ),
    ],
  ])(
    "%s: the session is ended, or answered in its bounds",
    async (_, frames) => {
      const bytes = Buffer.concat(frames());
      await deployingWhile(async () => {
        const attacks = await Promise.all(Array.from({ length: 3 }, () => session(victim)));
        for (const { socket } of attacks) socket.write(bytes);
        await Promise.race([Promise.all(attacks.map(({ closed }) => closed)), setTimeout(1500)]);
        expect(victim.memory().megabytes).toBeLessThan(before.megabytes + roomMegabytes);
        for (const { socket } of attacks) socket.destroy();
      });
    },
    60_000,
  );

  it("a call that is not asked in whole is ended after 15 s, and another one that waits for news is not", async () => {
    const pem = (name: string) => readFileSync(join(victim.tls, name), "utf8");
    const client = impatientClientOf(victim);
    const news = client.watch()[Symbol.asyncIterator]();
    expect((await news.next()).value).toMatchObject({ mac: inService });
    const http2 = connectHttp2(`https://${victim.rpc}`, {
      ca: pem("ca.crt"),
      cert: pem("client.crt"),
      key: pem("client.key"),
    });
    const start = performance.now();
    const stream = http2.request({
      ":method": "POST",
      ":path": groupList,
      "content-type": "application/grpc",
      te: "trailers",
    });
    stream.write(message(Buffer.alloc(3), { says: 1000 }));
    stream.resume().on("error", () => {});
    await new Promise((resolve) => stream.once("close", resolve));
    expect((performance.now() - start) / 1000).toBeLessThan(20);
    http2.destroy();
    // News: the machine has asked for its boot script.
    const told = news.next();
    await ask(victim, `/ipxe?mac=${inService}`);
    expect((await told).value).toMatchObject({ mac: inService });
    client.close();
    documents = victim.tree();
  }, 40_000);

  it("plain HTTP over TLS is no gRPC", async () => {
    const { socket, received, closed } = await session(victim, []);
    socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await closed;
    expect(received().toString("latin1")).not.toContain("200 OK");
  }, 20_000);
});

describe("messages", () => {
  /** Sends bytes as they are to a method; gives the status, and its text. */
  async function raw(path: string, body: Uint8Array, headers: Record<string, string> = {}): Promise<string> {
    const pem = (name: string) => readFileSync(join(victim.tls, name));
    const http2 = connectHttp2(`https://${victim.rpc}`, {
      ca: pem("ca.crt"),
      cert: pem("client.crt"),
      key: pem("client.key"),
    });
    http2.on("error", () => {});
    try {
      const stream = http2.request({
        ":method": "POST",
        ":path": path,
        "content-type": "application/grpc",
        te: "trailers",
        ...headers,
      });
      stream.on("error", () => {});
      const answer = new Promise<string>((resolve) => {
        const take = (fields: Record<string, unknown>) =>
          fields["grpc-status"] !== undefined &&
          resolve(`${fields["grpc-status"]} ${fields["grpc-message"] ?? ""}`);
        stream.on("response", (fields) =>
          fields[":status"] === 200 ? take(fields) : resolve(`HTTP ${fields[":status"]}`),
        );
        stream.on("trailers", take);
        stream.on("close", () => resolve("closed"));
      });
      stream.resume().end(body);
      return await answer;
    } finally {
      http2.destroy();
    }
  }
  const put = "/rpcpb.Groups/GroupPut";
  const bomb = gzipSync(Buffer.alloc(500_000_000));

  it.each<[string, Uint8Array, Record<string, string>, RegExp]>([
    ["no protobuf", message(Buffer.alloc(100, 0xff)), {}, /^(?:3|13) /],
    ["half a message", message(Buffer.alloc(3), { says: 100 }), {}, /^(?:3|13) /],
    ["a length of four gigabytes", message(Buffer.alloc(3), { says: 0xffff_ffff }), {}, /^8 /],
    [
      "a field that says it is longer",
      message(Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f])),
      {},
      /^(?:3|13) /,
    ],
    ["text that is no UTF-8", message(Buffer.from([0x0a, 0x03, 0x0a, 0x01, 0xff])), {}, /^(?:3|13) |^2 /],
    ["10,000 messages in each other", message(nested(10_000)), {}, /^(?:2|3|13) /],
    [
      "half a gigabyte of zeros, compressed",
      message(bomb, { compressed: true }),
      { "grpc-encoding": "gzip" },
      /^(?:8|13|3) /,
    ],
    [
      "compressed bytes that are not",
      message(Buffer.alloc(100, 7), { compressed: true }),
      { "grpc-encoding": "gzip" },
      /^(?:3|13) /,
    ],
    [
      "an unknown compression",
      message(Buffer.alloc(3), { compressed: true }),
      { "grpc-encoding": "x" },
      /^12 /,
    ],
    [
      "two messages for one",
      Buffer.concat([message(Buffer.alloc(0)), message(Buffer.alloc(0))]),
      {},
      /^(?:3|12|2) /,
    ],
    ["none", Buffer.alloc(0), {}, /^(?:3|12) /],
    ["another content type", message(Buffer.alloc(0)), { "content-type": "text/html" }, /^HTTP 415/],
    ["a deadline that is none", message(Buffer.alloc(0)), { "grpc-timeout": "soon" }, /^(?:3|13) /],
  ])(
    "%s",
    async (_, body, headers, expected) => {
      expect(await raw(put, body, headers)).toMatch(expected);
    },
    20_000,
  );

  it("300 calls with changed bytes end in a status", async () => {
    const next = random(6);
    const whole = [
      Buffer.from(
        '\n\x2d\n\x01x\x12\x01n\x1a\x01p"\x0a\n\x03mac\x12\x03bad*\x16{"a":{"b":[1,2,null]}}',
        "latin1",
      ),
      Buffer.from("\n\x01x\x12\x01n\x1a\x05p.ign*\x0d\n\x02/k\x12\x02/i\x1a\x03a=b", "latin1"),
      Buffer.from('\n\x05x.ign\x12\x20{"ignition":{"version":"3.4.0"}}', "latin1"),
      Buffer.from("\n\x1152:54:00:00:00:01\x12\x02m1\x1a\x03lab", "latin1"),
    ];
    const paths = [
      put,
      "/rpcpb.Profiles/ProfilePut",
      "/rpcpb.Ignition/IgnitionPut",
      "/rpcpb.Select/SelectGroup",
      "/landfall.boot.v1.Machines/Register",
      "/landfall.boot.v1.Machines/Arm",
      "/landfall.boot.v1.Machines/PutConditions",
    ];
    const statuses = new Map<string, number>();
    const one = async () => {
      const bytes = Buffer.from(whole[Math.floor(next() * whole.length)]!);
      // An odd byte at the start, so that none of them is a whole document and the folder stays as it was.
      bytes[0] = 0xfa;
      for (let times = Math.floor(next() * 5); times > 0; times--)
        bytes[1 + Math.floor(next() * (bytes.length - 1))] = Math.floor(next() * 256);
      const status = (await raw(paths[Math.floor(next() * paths.length)]!, message(bytes))).split(" ")[0]!;
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    };
    for (let round = 0; round < 10; round++) await Promise.all(Array.from({ length: 30 }, one));
    console.log(`300 calls with changed bytes: ${JSON.stringify(Object.fromEntries(statuses))}`);
    expect(statuses.get("closed")).toBeUndefined();
  }, 60_000);

  it.each([
    "../x",
    "../../etc/cron.d/x",
    "a/b",
    "/etc/x",
    ".hidden",
    ".",
    "..",
    "a\0b",
    "a\nb",
    "a\u0085b",
    "x".repeat(300),
    "é".repeat(130),
  ])("%j is no name", async (name) => {
    const { groups, profiles, ignition, generic } = victim;
    const config = Buffer.from('{"ignition":{"version":"3.4.0"}}');
    for (const call of [
      groups.groupPut({ group: { id: name, profile: "p" } }),
      profiles.profilePut({ profile: { id: name } }),
      ignition.ignitionPut({ name: `${name}.ign`, config }),
      generic.genericPut({ name, config }),
      groups.groupDelete({ id: name }),
      generic.genericDelete({ name }),
      ignition.ignitionGet({ name }),
      profiles.profileGet({ id: name }),
    ]) {
      const { code, message } = (await outcome(call, victim)) as { code: string; message: string };
      expect(code).toMatch(/^(?:InvalidArgument|Unknown)$/);
      expect(message).not.toBe("");
    }
  });

  it.each<[string, () => Promise<object>, RegExp]>([
    [
      "a MAC that is none",
      () => victim.groups.groupPut({ group: { id: "x", profile: "p", selector: { mac: "no" } } }),
      /MAC/,
    ],
    [
      "an argument with a line of its own",
      () =>
        victim.profiles.profilePut({
          profile: { id: "x", boot: { kernel: "k", args: ["a", "b\nchain http://evil"] } },
        }),
      /boot\.args has a line break/,
    ],
    [
      "a kernel with one",
      () => victim.profiles.profilePut({ profile: { id: "x", boot: { kernel: "k\r" } } }),
      /boot\.kernel/,
    ],
    [
      "a million lists in each other",
      () =>
        victim.groups.groupPut({
          group: { id: "x", profile: "p", metadata: Buffer.from(`{"a":${"[".repeat(1e6)}`) },
        }),
      /JSON|json|exceeded max depth/,
    ],
    [
      "lists in each other, all closed",
      () =>
        victim.groups.groupPut({
          group: {
            id: "x",
            profile: "p",
            metadata: Buffer.from(`{"a":${"[".repeat(1e6)}${"]".repeat(1e6)}}`),
          },
        }),
      /./,
    ],
    [
      "a broken Ignition config",
      () => victim.ignition.ignitionPut({ name: "x.ign", config: Buffer.from("{") }),
      /Ignition/,
    ],
    [
      "an Ignition config that is deep",
      () =>
        victim.ignition.ignitionPut({ name: "x.ign", config: Buffer.from(`{"ignition":${"[".repeat(1e6)}`) }),
      /Ignition/,
    ],
    [
      "a broken template",
      () => victim.generic.genericPut({ name: "x", config: Buffer.from("{{") }),
      /template/,
    ],
    [
      "a deep template",
      () => victim.generic.genericPut({ name: "x", config: Buffer.from(`{{${"(".repeat(1e6)}`) }),
      /template/,
    ],
    [
      "a template of deep blocks",
      () => victim.generic.genericPut({ name: "x", config: Buffer.from("{{if .a}}".repeat(100_000)) }),
      /template/,
    ],
  ])(
    "%s is refused with the reason",
    async (_, call, expected) => {
      const { code, message } = (await outcome(call(), victim)) as { code: string; message: string };
      expect(code).toMatch(/^(?:InvalidArgument|Unknown)$/);
      expect(message).toMatch(expected);
    },
    20_000,
  );

  it.each([
    { name: "m1\nkernel evil" },
    { name: "\u001b[2J" },
    { name: "m\u2028" },
    { name: "" },
    { name: "x".repeat(64) },
    { rack: "r\r1" },
    { address: "10.0.0.1\u202e" },
    { mac: "52:54:00:00:00:0g" },
    { mac: "52-54-00-00-00-03" },
    { mac: "../../../../etc/passwd" },
  ])("a machine cannot be registered with %j", async (field) => {
    const client = impatientClientOf(victim);
    try {
      await expect(
        client.register({ mac: "52:54:00:00:00:03", name: "m3", site: "lab", ...field }),
      ).rejects.toMatchObject({ code: "request-invalid" });
    } finally {
      client.close();
    }
  });
});

/** A message in which each holds the next. */
function nested(depth: number): Buffer {
  let bytes = Buffer.alloc(0);
  for (let i = 0; i < depth && bytes.length < 3_000_000; i++) {
    const size: number[] = [];
    let rest = bytes.length;
    for (; rest >= 128; rest >>>= 7) size.push((rest & 127) | 128);
    bytes = Buffer.concat([Buffer.from([0x0a, ...size, rest]), bytes]);
  }
  return bytes;
}
