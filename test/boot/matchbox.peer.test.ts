// The wire's contract: the same cases against real Matchbox 0.11 and against Landfall's boot service, which has to give
// the same answers. Where it does not, on purpose, the last part says so: each row of the table in docs/boot-service.md
// ("Matchbox's wire").
import { execFile } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { bootFlags } from "../../modules/cli/boot-flags.ts";
import { type Matchbox, startLandfallBoot, startMatchbox } from "../support/matchbox.ts";
import { exchange, impatientClientOf } from "./attack/victim.ts";
import {
  ask,
  empty,
  outcome,
  type Peer,
  type Peers,
  type Response,
  sortedLines,
  startPeers,
  withClients,
  writeBoth,
} from "./peers.ts";

let peers: Peers;
let real: Peer;
let ours: Peer;

beforeAll(async () => {
  peers = await startPeers();
  ({ real, ours } = peers);
}, 600_000);
afterAll(() => peers?.stop());
beforeEach(() => empty(peers));

const boot = {
  kernel: "/assets/vmlinuz",
  initrd: ["/assets/initrd", "/assets/more"],
  args: ["quiet", "a=${mac:hexhyp}", 'b="x <&>"'],
};
const mac = "52:54:00:00:00:01";

interface GroupInit {
  readonly id: string;
  readonly profile: string;
  readonly name?: string;
  readonly selector?: Record<string, string>;
  readonly metadata?: unknown;
}

async function both<T>(call: (peer: Peer) => Promise<T>): Promise<T> {
  const [theirs, mine] = await Promise.all([call(real), call(ours)]);
  expect(mine).toEqual(theirs);
  return theirs;
}

const putGroup = ({ metadata, ...group }: GroupInit) =>
  both((peer) =>
    outcome(
      peer.groups.groupPut({
        group: {
          ...group,
          ...(metadata !== undefined && { metadata: Buffer.from(JSON.stringify(metadata)) }),
        },
      }),
      peer,
    ),
  );

async function land(): Promise<void> {
  await both((peer) =>
    outcome(
      peer.profiles.profilePut({
        profile: { id: "p", name: "P", boot, ignitionId: "p.ign", genericId: "p" },
      }),
      peer,
    ),
  );
  const config = Buffer.from(
    JSON.stringify({
      ignition: { version: "3.3.0" },
      systemd: {
        units: [{ name: "a.service", enabled: true, contents: "[Service]\nExecStart=/bin/true\n" }],
      },
    }),
  );
  await both((peer) => outcome(peer.ignition.ignitionPut({ name: "p.ign", config }), peer));
  await both((peer) =>
    outcome(peer.generic.genericPut({ name: "p", config: Buffer.from("name: {{.name}}\n") }), peer),
  );
  await putGroup({
    id: "m1",
    profile: "p",
    selector: { mac: "52-54-00-00-00-01" },
    metadata: {
      name: "m1",
      n: { a: 1, b: [1], c: null, d: 1e-7, e: 1e21, f: -0, Ü: true },
      text: "a=b <&>",
    },
  });
}

/** The same from both. */
function same(path: string, options?: Parameters<typeof ask>[2]): Promise<Response> {
  return both(async (peer) => sortedLines(await ask(peer, path, options)));
}

describe("every endpoint", () => {
  const query = `?uuid=u&mac=52-54-00-00-00-01&domain=&hostname=&serial=&arch=x86_64`;
  it.each([
    "/",
    "/boot.ipxe",
    "/boot.ipxe.0",
    `/ipxe${query}`,
    `/grub${query}`,
    `/ignition${query}`,
    `/metadata${query}`,
    `/generic${query}`,
    "/ipxe",
    "/grub",
    "/ignition",
    "/metadata",
    "/generic",
    "/cloud",
    "/assets",
    "/assets/",
    "/assets/profiles/p.json",
    "/assets/none",
    "/favicon.ico",
    "/index.html",
    "/ipxe/",
    "/IPXE",
    "//ipxe",
    "/./ipxe?mac=x",
    "/a/../ipxe?mac=%22",
    "/%69pxe?mac=52-54-00-00-00-01",
    "/ipxe%2f",
    "/assets%2f",
    "/assets%2fprofiles/p.json",
    "/%61ssets",
    "/%61ssets/profiles/",
    "/a/../%61ssets",
    "/a%20b//c?x=%zz",
    "/a%2f..//c",
    "/../../etc/passwd",
    "/?x",
    "http://elsewhere/ipxe",
    ...["grub", "boot.ipxe", "boot.ipxe.0", "ipxe", "ignition", "generic", "metadata", "cloud"].flatMap(
      (path) => [`/${path}.sig${query}`, `/${path}.asc${query}`],
    ),
  ])("%s", async (path) => {
    await land();
    for (const method of ["GET", "HEAD", "POST", "DELETE"]) await same(path, { method });
  });

  it.each([
    "bytes=0-3",
    "bytes=-3",
    "bytes=4-",
    "bytes=100-",
    "bytes=3-1",
    "bytes=x",
    "items=0-1",
    "bytes=",
    "bytes=0-0,0-99",
  ])("/generic in part: %s", async (range) => {
    await land();
    await same(`/generic?mac=${mac}`, { headers: { range } });
  });

  it.each(["/%", "/%zz?x", "/ipxe%2?mac=x"])("%s, which is no path", async (path) => {
    await same(path);
  });

  it("/generic in several parts", async () => {
    await land();
    const unbounded = (response: Response) =>
      JSON.stringify(response).replaceAll(/[0-9a-f]{60}/g, "BOUNDARY");
    const headers = { range: "bytes=0-1,3-4" };
    expect(unbounded(await ask(ours, `/generic?mac=${mac}`, { headers }))).toBe(
      unbounded(await ask(real, `/generic?mac=${mac}`, { headers })),
    );
  });

  it.each([
    { "if-match": "*" },
    { "if-match": '"x"' },
    { "if-none-match": "*" },
    { "if-none-match": '"x"' },
    { "if-range": '"x"', range: "bytes=0-1" },
    { "if-modified-since": "Tue, 24 Nov 2099 00:00:00 GMT" },
  ])("/generic on condition: %j", async (headers) => {
    await land();
    await same(`/generic?mac=${mac}`, { headers: headers as Record<string, string> });
  });

  it("scripts of profiles without some of it", async () => {
    for (const profile of [
      { id: "a" },
      { id: "b", boot: {} },
      { id: "c", boot: { kernel: "k" } },
      { id: "d", boot: { kernel: "k\x01", initrd: ["i"], args: [""] } },
    ]) {
      await both((peer) => outcome(peer.profiles.profilePut({ profile }), peer));
      await putGroup({ id: profile.id, profile: profile.id, selector: { p: profile.id } });
      for (const path of ["ipxe", "grub", "ignition", "generic", "metadata"])
        await same(`/${path}?p=${profile.id}`);
    }
  });
});

describe("selection", () => {
  const keys = ["mac", "MAC", "os", "arch", "a", "ü"];
  const macs = ["52:54:00:00:00:0A", "52-54-00-00-00-0a", "5254.0000.000b", "52540000000a", "no"];
  const values = ["", "x", "y", "x,os=y", "ü"];
  const pair = fc
    .constantFrom(...keys)
    .chain((key) =>
      fc.tuple(
        fc.constant(key),
        fc.constantFrom(...(key.toLowerCase() === "mac" ? macs.slice(0, 3) : values)),
      ),
    );
  const selector = fc.array(pair, { maxLength: 3 }).map((pairs) => Object.fromEntries(pairs));
  const query = fc
    .array(fc.tuple(fc.constantFrom(...keys), fc.constantFrom(...values, ...macs)), { maxLength: 5 })
    .map((pairs) =>
      pairs.map(([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`).join("&"),
    );

  it("is the same for any groups and any queries, over HTTP and gRPC", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(selector, { maxLength: 12 }),
        fc.array(query, { minLength: 5, maxLength: 10 }),
        async (selectors, queries) => {
          await empty(peers);
          for (const [index, each] of selectors.entries()) {
            await putGroup({
              id: `g${index}`,
              profile: `p${index % 3}`,
              selector: each,
              metadata: { g: index },
            });
          }
          for (const id of ["p0", "p1"])
            await both((peer) =>
              outcome(peer.profiles.profilePut({ profile: { id, boot: { kernel: id } } }), peer),
            );
          for (const each of queries) {
            await same(`/metadata?${each}`);
            await same(`/ipxe?${each}`);
            const labels = Object.fromEntries(new URLSearchParams(each));
            await both((peer) => outcome(peer.select.selectGroup({ labels }), peer));
            await both((peer) => outcome(peer.select.selectProfile({ labels }), peer));
          }
          await both((peer) => outcome(peer.groups.groupList({}), peer));
        },
      ),
      { numRuns: 40 },
    );
  });

  it("is the same among many groups whose selectors are all others", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(selector, {
          minLength: 13,
          maxLength: 40,
          selector: (each) =>
            JSON.stringify(
              Object.entries(each)
                .map(([key, value]) => `${key}=${value.replaceAll("-", ":").toLowerCase()}`)
                .sort(),
            ),
        }),
        fc.array(query, { minLength: 10, maxLength: 20 }),
        async (selectors, queries) => {
          await empty(peers);
          for (const [index, each] of selectors.entries())
            await putGroup({ id: `g${index}`, profile: "p", selector: each, metadata: { g: index } });
          for (const each of queries) await same(`/metadata?${each}`);
        },
      ),
      { numRuns: 5 },
    );
  });

  it.each([
    ["mac=52-54-00-00-00-01&mac=52-54-00-00-00-02", "the first value counts"],
    ["mac=no&mac=52-54-00-00-00-01", "also when it is none"],
    ["mac=52540000001", "too few digits are no MAC"],
    ["mac=5254.0000.0001", "dots are"],
    ["mac=52-54-00:00-00-01", "a mixture is not"],
    ["mac=02-00-5e-10-00-00-00-01", "eight bytes are"],
    ["MAC=52-54-00-00-00-01", "keys keep their case"],
    ["mac=52-54-00-00-00-01&os=", "an empty value is one that is missing"],
    ["a+b=c+d&%61%2Bb=%63", "plus is a space"],
    ["a;b=1&mac=52-54-00-00-00-01;x", "a semicolon spoils its pair"],
    ["a=%zz&b=%4&%=1", "so does a stray %"],
    ["&&=&=x&a", "pieces"],
    ["a=%ff%c3%28&%f0%9f=%ed%a0%80", "bytes that are no UTF-8"],
    ["%c3%9f=%c3%9f&%c3%bc=1", "letters"],
  ])("%s: %s", async (query) => {
    await land();
    await putGroup({ id: "os", profile: "p", selector: { os: "" }, metadata: { os: true } });
    await putGroup({ id: "wide", profile: "p", selector: { mac: "02-00-5e-10-00-00-00-01" } });
    await same(`/metadata?${query}`);
    await same(`/ipxe?${query}`);
  });

  it("reads any query alike", async () => {
    await putGroup({ id: "all", profile: "p", metadata: {} });
    const piece = fc.constantFrom(
      "mac",
      "=",
      "&",
      "&",
      ";",
      "+",
      "%",
      "%4",
      "%41",
      "%c3",
      "%bc",
      "%ff",
      "a",
      "B",
      ":",
      "-",
      "52-54-00-00-00-01",
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 12 }), async (pieces) => {
        await same(`/metadata?${pieces.join("")}`);
      }),
      { numRuns: 300 },
    );
  });

  it("leads any path alike", async () => {
    await land();
    const piece = fc.constantFrom(
      "/",
      "/",
      "/",
      ".",
      "..",
      "ipxe",
      "assets",
      "a",
      "%2e",
      "%2f",
      "%20",
      "%25",
      "(",
      '"',
      "<",
      "*",
      "//",
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 8 }), async (pieces) => {
        await same(`/${pieces.join("")}`);
      }),
      { numRuns: 300 },
    );
  });
});

describe("what Go does with", () => {
  it("any MAC, nearly", async () => {
    await putGroup({ id: "all", profile: "p", metadata: {} });
    const digits = fc.stringMatching(/^[0-9a-fA-F]{1,4}$/);
    const mac = fc
      .tuple(fc.constantFrom(":", "-", ".", ""), fc.constantFrom(2, 4), fc.constantFrom(3, 5, 6, 8, 10, 20))
      .chain(([joint, length, count]) =>
        fc
          .array(
            fc.oneof(
              { weight: 20, arbitrary: fc.stringMatching(new RegExp(`^[0-9a-fA-F]{${length}}$`)) },
              digits,
            ),
            {
              minLength: count,
              maxLength: count,
            },
          )
          .map((parts) => parts.join(joint)),
      );
    await fc.assert(
      fc.asyncProperty(mac, async (text) => {
        // Digits without joints depend on the Go that built Matchbox.
        fc.pre(/[:.-]/.test(text));
        await same(`/metadata?mac=${text}`);
      }),
      { numRuns: 400 },
    );
  });

  it("letters of any script, in upper and lower case", async () => {
    const word = fc.string({ unit: "grapheme", minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(word, fc.oneof(word, fc.double(), fc.boolean(), fc.constant(null)), { maxKeys: 5 }),
        fc.dictionary(word, word, { maxKeys: 2 }),
        async (metadata, selector) => {
          // Node knows Unicode's newer capitals, Go not yet.
          fc.pre(
            !/[\u019b\u0264\ua7cb-\ua7dc\u{10d50}-\u{10d85}]/u.test(JSON.stringify([metadata, selector])),
          );
          await empty(peers);
          await putGroup({ id: "all", profile: "p", metadata, selector });
          await same(`/metadata?${new URLSearchParams(selector)}`);
        },
      ),
      { numRuns: 200 },
    );
  });

  it("the first bytes of a body", async () => {
    await land();
    const starts = [
      ..."<!DOCTYPE HTML>|<html |  <h1>|<a x|<a|<!-- x|<?xml|%PDF-1|%!PS-Adobe-|BM|GIF89a|GIF88a|ID3|OTTO|wOF2".split(
        "|",
      ),
      ...[
        "\x89PNG\r\n\x1a\n",
        "\xff\xd8\xff",
        "\xfe\xff..",
        "\xef\xbb\xbf",
        "\xef\xbb\xbf.",
        "\0\0\x01\0",
        "\x1f\x8b\x08",
      ],
      ...["RIFF1234WEBPVP", "RIFF1234WAVE", "RIFF", "PK\x03\x04", "\0asm", "OggS\0", "MThd\0\0\0\x06"],
      ...["\0\0\0\x18ftypmp42\0\0\0\0mp42isom", "\0\0\0\x10ftypisom\0\0\0\0mp42", `${"x".repeat(34)}LP`],
    ];
    const bytes = (maxLength: number) =>
      fc.uint8Array({ maxLength }).map((array) => Buffer.from(array).toString("latin1"));
    const start = fc.oneof(fc.constantFrom(...starts), bytes(8));
    await fc.assert(
      fc.asyncProperty(start, bytes(600), async (begin, rest) => {
        const text = begin + rest;
        fc.pre(!text.includes("{{"));
        const config = Buffer.from(text, "latin1");
        await both((peer) => outcome(peer.generic.genericPut({ name: "p", config }), peer));
        await same(`/generic?mac=${mac}`);
      }),
      { numRuns: 200 },
    );
  });
});

describe("files that people write", () => {
  const settled = async (path: string) => {
    const wanted = sortedLines(await ask(real, path));
    await expect.poll(async () => sortedLines(await ask(ours, path)), { timeout: 5000 }).toEqual(wanted);
  };

  it.each([
    ["plain", `{"id":"x","name":"X","profile":"p","selector":{"os":"x"},"metadata":{"a":"b"}}`],
    ["names in any case", `{"ID":"x","Profile":"p","SELECTOR":{"os":"x"},"metaData":{"a":1}}`],
    ["nulls", `{"id":null,"profile":"p","selector":{"os":null},"metadata":null}`],
    ["nothing", "{}"],
    ["null", "null"],
    ["a list", "[]"],
    ["half of it", `{"id":"x"`],
    ["empty", ""],
    ["a wrong type", `{"id":1,"profile":"p"}`],
    ["a wrong selector", `{"profile":"p","selector":{"os":1}}`],
    ["a wrong list", `{"profile":["p"]}`],
    ["wrong everything", `{"selector":"x"}`],
    ["wrong metadata", `{"profile":"p","metadata":[]}`],
    ["a bad MAC", `{"profile":"p","selector":{"mac":"5254000001"}}`],
    ["a MAC in capitals", `{"profile":"p","selector":{"mac":"52-54-00-00-00-0A"}}`],
    ["a byte order mark", `\ufeff{"profile":"p"}`],
    ["unknown fields", `{"profile":"p","more":{"deep":[1]}}`],
    ["numbers", `{"profile":"p","metadata":{"a":1e400}}`],
    [
      "large numbers",
      `{"profile":"p","metadata":{"a":12345678901234567890,"b":0.00001,"c":1e20,"d":1e22,"e":-1.5,"f":999999,"g":1000000,"h":1234567.5,"i":0.0001}}`,
    ],
    ["a request of its own", `{"profile":"p","metadata":{"request":{"x":1},"Request":"y"}}`],
    ["selector over metadata", `{"profile":"p","selector":{"OS":""},"metadata":{"os":"m","OS":"n"}}`],
    ["escapes", `{"profile":"p","metadata":{"a":"\\u003c\\ud83d\\ude00\\n\\ud800","\\u00e9":"\\/"}}`],
  ])("a group: %s", async (_, text) => {
    writeBoth(peers, "groups/x.json", text);
    writeBoth(peers, "profiles/p.json", JSON.stringify({ id: "p", boot }));
    for (const query of ["", "?os=x", "?mac=52:54:00:00:00:0a"]) {
      await settled(`/metadata${query}`);
      await settled(`/ipxe${query}`);
    }
    await both(async (peer) => {
      const answer = await outcome(peer.groups.groupGet({ id: "x" }), peer);
      // Which number it was is lost to JavaScript.
      return JSON.parse(JSON.stringify(answer).replace(/"json: [^"]*float64"/, '"json: float64"'));
    });
    rmSync(join(real.data, "groups/x.json"));
    rmSync(join(ours.data, "groups/x.json"));
    await settled("/metadata?os=x");
  });

  it.each([
    ["plain", `{"id":"p","boot":{"kernel":"k","initrd":["i"],"args":["a"]},"ignition_id":"p.ign"}`],
    ["names in any case", `{"Id":"p","BOOT":{"Kernel":"k","INITRD":["i"]}}`],
    ["no id", `{"boot":{"kernel":"k"}}`],
    ["another id", `{"id":"q","boot":{"kernel":"k"}}`],
    ["nulls", `{"id":"p","boot":{"kernel":null,"initrd":[null,"i"],"args":null}}`],
    ["no boot", `{"id":"p","boot":null}`],
    ["wrong types", `{"id":"p","boot":{"kernel":"k","initrd":"i"}}`],
    ["a wrong kernel", `{"id":"p","boot":{"kernel":true}}`],
    ["a wrong item", `{"id":"p","boot":{"args":["a",1]}}`],
    ["a wrong boot", `{"id":"p","boot":[]}`],
    ["a list", "[]"],
    ["text", '"x"'],
    ["a cloud config", `{"id":"p","cloud_id":"c","boot":{}}`],
    ["broken", `{"id":"p",`],
  ])("a profile: %s", async (_, text) => {
    writeBoth(peers, "groups/x.json", `{"id":"x","profile":"p"}`);
    writeBoth(peers, "profiles/p.json", text);
    await settled("/ipxe");
    await settled("/grub");
    await settled("/ignition");
    await both((peer) => outcome(peer.profiles.profileGet({ id: "p" }), peer));
  });

  it("are edited while it serves", async () => {
    writeBoth(peers, "groups/x.json", `{"id":"x","profile":"p"}`);
    writeBoth(
      peers,
      "profiles/p.json",
      `{"id":"p","boot":{"kernel":"0"},"ignition_id":"p.ign","generic_id":"g"}`,
    );
    for (let edit = 1; edit < 6; edit++) {
      writeBoth(
        peers,
        "profiles/p.json",
        `{"id":"p","boot":{"kernel":"${edit}"},"ignition_id":"p.ign","generic_id":"g"}`,
      );
      writeBoth(peers, "ignition/p.ign", `{"ignition":{"version":"3.${edit % 5}.0"}}`);
      writeBoth(peers, "generic/g", `edit ${edit} {{.request.raw_query}}`);
      for (const path of ["/ipxe", "/ignition", "/generic?a=1"]) await settled(path);
    }
  });
});

describe("gRPC", () => {
  it("writes the same files", async () => {
    await land();
    await putGroup({ id: "html", profile: "p", name: "<&>", selector: { a: "\u2028", b: "" }, metadata: {} });
    await putGroup({ id: "none", profile: "p" });
    await both((peer) =>
      outcome(peer.profiles.profilePut({ profile: { id: "q", cloudId: "c", boot: {} } }), peer),
    );
    const tree = ({ data }: Peer) =>
      ["groups", "profiles", "ignition", "generic"].flatMap((kind) =>
        readdirSync(join(data, kind))
          .filter((name) => !name.startsWith("."))
          .map((name) => [`${kind}/${name}`, readFileSync(join(data, kind, name), "utf8")]),
      );
    expect(tree(ours)).toEqual(tree(real));
  });

  it("gives back what was put, lists it, and forgets it", async () => {
    await land();
    await both((peer) => outcome(peer.groups.groupGet({ id: "m1" }), peer));
    await both((peer) => outcome(peer.groups.groupList({}), peer));
    await both((peer) => outcome(peer.profiles.profileGet({ id: "p" }), peer));
    await both((peer) => outcome(peer.profiles.profileList({}), peer));
    await both((peer) => outcome(peer.ignition.ignitionGet({ name: "p.ign" }), peer));
    await both((peer) => outcome(peer.generic.genericGet({ name: "p" }), peer));
    for (let round = 0; round < 2; round++) {
      await both((peer) => outcome(peer.groups.groupDelete({ id: "m1" }), peer));
      await both((peer) => outcome(peer.profiles.profileDelete({ id: "p" }), peer));
      await both((peer) => outcome(peer.ignition.ignitionDelete({ name: "p.ign" }), peer));
      await both((peer) => outcome(peer.generic.genericDelete({ name: "p" }), peer));
    }
    await both((peer) => outcome(peer.groups.groupGet({ id: "m1" }), peer));
    await both((peer) => outcome(peer.profiles.profileGet({ id: "p" }), peer));
    await both((peer) => outcome(peer.ignition.ignitionGet({ name: "p.ign" }), peer));
    await both((peer) => outcome(peer.generic.genericGet({ name: "p" }), peer));
  });

  it("refuses the same, with the same codes", async () => {
    const noId = await putGroup({ id: "", profile: "p" });
    expect(noId).toEqual({ code: "Unknown", message: "Id is required" });
    await putGroup({ id: "x", profile: "" });
    await both((peer) => outcome(peer.profiles.profilePut({ profile: { id: "" } }), peer));
    await both((peer) => outcome(peer.select.selectGroup({ labels: { os: "none" } }), peer));
    await both((peer) => outcome(peer.select.selectProfile({ labels: {} }), peer));
    await putGroup({ id: "x", profile: "none" });
    const noProfile = await both((peer) => outcome(peer.select.selectProfile({ labels: {} }), peer));
    expect(noProfile).toEqual({ code: "NotFound", message: "matchbox: No matching Profile" });
    for (const metadata of ["x", "[]", '"x"', "{", "nul", "1", "true", '{"a":1}x'])
      await both((peer) =>
        outcome(
          peer.groups.groupPut({ group: { id: "m", profile: "p", metadata: Buffer.from(metadata) } }),
          peer,
        ),
      );
  });

  it("says of any metadata that are no JSON what Go says", async () => {
    const token = fc.constantFrom(
      ..."{}[]:,\"\\-.0123eE+tfnrulasb'\t\n x\x01é".split(""),
      "true",
      "null",
      '"a"',
      '"a":',
      "1.5e3",
      "\\u00e9",
      ...["nul", "-", "1.", "2e", "\\u00", '"x'],
    );
    const mutated = fc
      .tuple(fc.json({ maxDepth: 2 }), fc.nat(40), token)
      .map(([json, at, piece]) => json.slice(0, at) + piece + json.slice(at + (at % 3)));
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          fc.array(token, { maxLength: 10 }).map((all) => all.join("")),
          mutated,
        ),
        async (text) => {
          // Nor numbers that no float64 holds, which see above.
          fc.pre(text !== "" && !/e\+?\d{3}/i.test(text));
          // Matchbox takes an error's text for a format, and spoils it.
          fc.pre(!text.includes("%"));
          const group = { id: "m", profile: "p", metadata: Buffer.from(text) };
          await both((peer) => outcome(peer.groups.groupPut({ group }), peer));
        },
      ),
      { numRuns: 500 },
    );
  });

  it("is spoken by Matchbox's own client", async () => {
    const folder = join(real.data, "..");
    const bootcmd = async (peer: Peer, ...args: string[]) => {
      const tls = ["ca", "cert", "key"].map(
        (kind) =>
          `--${kind}-file=${join(peer.tls, kind === "ca" ? "ca.crt" : `client.${kind === "cert" ? "crt" : "key"}`)}`,
      );
      const { stdout, stderr } = await promisify(execFile)(peers.bootcmd, [
        ...args,
        `--endpoints=${peer.rpc}`,
        ...tls,
      ]).catch((error) => error as { stdout: string; stderr: string });
      return { stdout, stderr: stderr.replaceAll(peer.data, "DATA") };
    };
    const file = (name: string, text: string) => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    const group = file(
      "g.json",
      `{"id":"g","name":"G","profile":"p","selector":{"mac":"52-54-00-00-00-01"},"metadata":{"a":{"b":[1,"<"]}}}`,
    );
    const profile = file(
      "p.json",
      JSON.stringify({ id: "p", name: "P", boot, ignition_id: "p.ign", generic_id: "p" }),
    );
    const ign = file("p.ign", `{"ignition":{"version":"3.4.0"}}`);
    const generic = file("p", "{{.a}}");
    for (const args of [
      ["profile", "create", "-f", profile],
      ["ignition", "create", "-f", ign],
      ["generic", "create", "-f", generic],
      ["group", "create", "-f", group],
      ["group", "list"],
      ["profile", "list"],
      ["group", "describe", "g"],
      ["profile", "describe", "p"],
      ["group", "describe", "none"],
      ["group", "create", "-f", file("bad.json", `{"id":"g"}`)],
    ])
      await both((peer) => bootcmd(peer, ...args));
    await same(`/metadata?mac=${mac}`);
    await same(`/ipxe?mac=${mac}`);
  });
});

describe("other than Matchbox, on purpose:", () => {
  const refused = (reason: RegExp) => ({ code: "InvalidArgument", message: expect.stringMatching(reason) });

  it("a broken Ignition config is refused when it is put; Matchbox takes it, and serves an empty one", async () => {
    await land();
    const put = (peer: Peer, text: string, name = "p.ign") =>
      outcome(peer.ignition.ignitionPut({ name, config: Buffer.from(text) }), peer);
    const broken = `{"ignition":{"version":"3.4.0"},"storage":{"files":[{"path":"relative"}]}}`;
    expect(await put(real, "{")).not.toHaveProperty("code");
    expect((await ask(real, `/ignition?mac=${mac}`)).body).toContain(`"version":""`);
    const before = await ask(ours, `/ignition?mac=${mac}`);
    expect(await put(ours, "{")).toEqual(refused(/^p\.ign is no valid Ignition config: /));
    expect(await put(ours, broken)).toEqual(refused(/path not absolute/));
    expect(await put(ours, `{"ignition":{"version":"3.5.0"}}`)).toEqual(
      refused(/expected 3\.0\.0 to 3\.4\.0$/),
    );
    expect(await put(ours, "")).toEqual(refused(/not a config \(empty\)/));
    expect(await put(ours, "variant: fcos", "p.yaml")).toEqual(refused(/translate Butane configs before/));
    expect(await ask(ours, `/ignition?mac=${mac}`)).toEqual(before);
  });

  it("one that somebody breaks by hand is answered 500, which Ignition asks again", async () => {
    await land();
    writeBoth(peers, "ignition/p.ign", "{");
    expect(await ask(real, `/ignition?mac=${mac}`)).toMatchObject({ status: 200 });
    await expect.poll(() => ask(ours, `/ignition?mac=${mac}`)).toMatchObject({ status: 500 });
  });

  it("a template that cannot be rendered is refused when it is put", async () => {
    const config = Buffer.from("{{ .a | nonsense }}");
    expect(await outcome(real.generic.genericPut({ name: "g", config }), real)).not.toHaveProperty("code");
    expect(await outcome(ours.generic.genericPut({ name: "g", config }), ours)).toEqual(
      refused(/^g is no template that can be rendered here: line 1, column /),
    );
  });

  it("a group whose MAC is none is refused; Matchbox takes it, and never selects it", async () => {
    const group = { id: "g", profile: "p", selector: { mac: "52:54:00" } };
    expect(await outcome(real.groups.groupPut({ group }), real)).not.toHaveProperty("code");
    expect(await outcome(ours.groups.groupPut({ group }), ours)).toEqual(
      refused(/address 52:54:00: invalid MAC address$/),
    );
  });

  it.each(["../profiles/x", "a/b", ".x", "", "x".repeat(300), "a\0b", "a\nb"])(
    "the name %j is refused; Matchbox may write to another folder",
    async (name) => {
      const config = Buffer.from("x");
      expect(await outcome(ours.generic.genericPut({ name, config }), ours)).toEqual(refused(/no name/));
      expect(await outcome(ours.generic.genericGet({ name }), ours)).toEqual(refused(/no name/));
      expect(await outcome(ours.generic.genericDelete({ name }), ours)).toEqual(refused(/no name/));
      if (name === "") return;
      const group = { id: name, profile: "p" };
      expect(await outcome(ours.groups.groupPut({ group }), ours)).toEqual(refused(/no name/));
      expect(readdirSync(ours.data).sort()).toEqual(expect.arrayContaining(["generic", "groups"]));
    },
  );

  it("the name ../profiles/x is refused; Matchbox writes there", async () => {
    const generic = { name: "../profiles/x", config: Buffer.from("x") };
    expect(await outcome(real.generic.genericPut(generic), real)).not.toHaveProperty("code");
    expect(existsSync(join(real.data, "profiles/x"))).toBe(true);
    expect(await outcome(ours.generic.genericPut(generic), ours)).toEqual(refused(/no name/));
    expect(existsSync(join(ours.data, "profiles/x"))).toBe(false);
  });

  it("a label with a line break is left out; Matchbox writes it into metadata as lines of its own", async () => {
    await putGroup({ id: "g", profile: "p", metadata: { name: "m1" } });
    const path = "/metadata?hostname=x%0ANAME=evil";
    expect((await ask(real, path)).body.split("\n")).toContain("NAME=evil");
    expect((await ask(ours, path)).body.split("\n")).not.toContain("NAME=evil");
  });

  it("metadata has an order, the group's own keys first", async () => {
    await putGroup({ id: "g", profile: "p", selector: {}, metadata: { b: "1", a: { d: "2", c: "3" } } });
    for (let i = 0; i < 20; i++)
      expect((await ask(ours, "/metadata?y=1&x=2")).body).toBe(
        "A_C=3\nA_D=2\nB=1\nREQUEST_QUERY_X=2\nREQUEST_QUERY_Y=1\nREQUEST_RAW_QUERY=y=1&x=2\n",
      );
  });

  it("every body's length is told; Matchbox sends the longer ones in chunks", async () => {
    const args = Array.from({ length: 500 }, (_, i) => `argument=${i}`);
    await both((peer) =>
      outcome(peer.profiles.profilePut({ profile: { id: "p", boot: { kernel: "k", args } } }), peer),
    );
    await putGroup({ id: "g", profile: "p" });
    const length = async (peer: Peer) => (await fetch(`${peer.http}/ipxe`)).headers.get("content-length");
    expect(await length(real)).toBeNull();
    expect(Number(await length(ours))).toBe((await same("/ipxe")).body.length);
  });

  it("among more than twelve groups with the same selector the first file answers; in Matchbox any", async () => {
    for (let i = 20; i > 0; i--)
      await putGroup({ id: `g${i}`, profile: "p", selector: { os: "x" }, metadata: { g: i } });
    expect((await ask(ours, "/metadata?os=x")).body).toContain("G=1\n");
    expect((await ask(real, "/metadata?os=x")).status).toBe(200);
  });

  it("an address with bytes beyond ASCII is a bad request; iPXE sends none", async () => {
    const path = Buffer.from("/metadata?a=ü").toString("latin1");
    expect((await ask(real, path)).status).toBe(404);
    expect((await ask(ours, path)).status).toBe(400);
  });

  it("a request without a group is refused; Matchbox dies of it", async () => {
    await inFolder(async (folder) => {
      const doomed = withClients(await startMatchbox(peers.matchbox, folder));
      expect(await outcome(doomed.groups.groupPut({}), doomed)).toHaveProperty("code");
      await expect.poll(() => fetch(doomed.http).catch(() => "ended"), { timeout: 10_000 }).toBe("ended");
      await doomed.stop();
    });
    expect(await outcome(ours.groups.groupPut({}), ours)).toEqual({
      code: "Unknown",
      message: "Id is required",
    });
    expect(await outcome(ours.profiles.profilePut({}), ours)).toEqual({
      code: "Unknown",
      message: "Id is required",
    });
    expect((await ask(ours, "/")).status).toBe(200);
  });

  it("deprecated cloud configs are not served", async () => {
    writeBoth(peers, "cloud/c", "#cloud-config\n");
    await both((peer) => outcome(peer.profiles.profilePut({ profile: { id: "p", cloudId: "c" } }), peer));
    await putGroup({ id: "g", profile: "p" });
    expect((await ask(real, "/cloud")).status).toBe(200);
    expect((await ask(ours, "/cloud")).status).toBe(404);
  });

  const endpoints = ["ipxe", "grub", "ignition", "metadata", "generic"];
  const notReady = { status: 503, headers: { "Retry-After": "1" } };

  it("503 while not ready: what could not be read since the start; Matchbox answers 404", async () => {
    await inFolder(async (folder) => {
      // Root may read everything, else.
      const under = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"];
      const start = async (name: string, run: (folder: string) => Promise<Matchbox>) => {
        const groups = join(folder, name, "matchbox/groups");
        mkdirSync(groups, { recursive: true });
        writeFileSync(join(groups, "g.json"), `{"id":"g","profile":"p","metadata":{"a":"b"}}`);
        chmodSync(groups, 0);
        return { peer: await run(join(folder, name)), groups };
      };
      const theirs = await start("real", (at) => startMatchbox(peers.matchbox, at, [], { under }));
      const mine = await start("ours", (at) => startLandfallBoot(at, [], { under }));
      try {
        for (const path of endpoints) {
          expect([path, (await ask(theirs.peer, `/${path}`)).status]).toEqual([path, 404]);
          expect([path, await ask(mine.peer, `/${path}`)]).toMatchObject([path, notReady]);
        }
        for (const { groups } of [theirs, mine]) chmodSync(groups, 0o700);
        for (const { peer } of [theirs, mine])
          await expect
            .poll(() => ask(peer, "/metadata"), { timeout: 10_000 })
            .toMatchObject({ status: 200, body: expect.stringContaining("A=b\n") });
      } finally {
        for (const { peer } of [theirs, mine]) await peer.stop();
      }
    });
  });

  it("503 with the store out of reach; Matchbox answers 404, at which Ignition gives up", async () => {
    await land();
    const query = `mac=${mac}`;
    for (const { data } of [real, ours]) renameSync(data, `${data}.away`);
    try {
      for (const path of endpoints) {
        expect([path, (await ask(real, `/${path}?${query}`)).status]).toEqual([path, 404]);
        await expect.poll(() => ask(ours, `/${path}?${query}`), { timeout: 10_000 }).toMatchObject(notReady);
      }
    } finally {
      for (const { data } of [real, ours]) renameSync(`${data}.away`, data);
    }
    for (const peer of [real, ours])
      await expect
        .poll(async () => (await ask(peer, `/ipxe?${query}`)).status, { timeout: 10_000 })
        .toBe(200);
    await same(`/ipxe?${query}`);
  });

  /** Registered here, with an order to install; what Matchbox knows of it is its group. */
  async function ordered(machine: string) {
    const client = impatientClientOf(ours);
    await client.register({ mac: machine, name: "m", site: "lab" });
    await client.arm({ mac: machine, kind: "install", cluster: "lab-v1", generation: "g", seconds: 600 });
    await both((peer) => outcome(peer.profiles.profilePut({ profile: { id: "p", boot } }), peer));
    return client;
  }

  it("503 for a group that is missing while its machine has an order, which it keeps; Matchbox answers 404", async () => {
    const machine = "52:54:00:0d:00:01";
    const client = await ordered(machine);
    try {
      const ask2 = async (path: string) => [
        (await ask(real, `/${path}?mac=${machine}`)).status,
        (await ask(ours, `/${path}?mac=${machine}`)).status,
      ];
      for (const path of ["ipxe", "grub"]) expect(await ask2(path)).toEqual([404, 503]);
      expect((await client.get(machine))?.order).toMatchObject({ state: "armed", boots: 0 });
      await putGroup({ id: "late", profile: "p", selector: { mac: machine } });
      expect(await ask2("ipxe")).toEqual([200, 200]);
      expect((await client.get(machine))?.order).toMatchObject({ state: "running", boots: 1 });
      // Taken, it is the same.
      await both((peer) => outcome(peer.groups.groupDelete({ id: "late" }), peer));
      for (const path of ["ipxe", "grub"]) expect(await ask2(path)).toEqual([404, 503]);
      expect((await client.get(machine))?.order).toMatchObject({ state: "running" });
    } finally {
      client.close();
    }
  });

  it("HEAD and POST of a boot script are answered as GET, and take no order; Matchbox has none to take", async () => {
    const machine = "52:54:00:0d:00:02";
    const client = await ordered(machine);
    try {
      await putGroup({ id: "m", profile: "p", selector: { mac: machine } });
      for (const path of ["ipxe", "grub"]) {
        for (const method of ["HEAD", "POST"]) {
          for (const peer of [real, ours])
            expect((await ask(peer, `/${path}?mac=${machine}`, { method })).status).toBe(200);
          expect((await client.get(machine))?.order).toMatchObject({ state: "armed", boots: 0 });
        }
      }
      const { body } = await ask(ours, `/ipxe?mac=${machine}`);
      expect(body).toContain("landfall.order=");
      expect((await client.get(machine))?.order).toMatchObject({ state: "running", boots: 1 });
    } finally {
      client.close();
    }
  });

  it("the text of an error keeps its %; Matchbox takes it for a format, and spoils it", async () => {
    const group = { id: "m", profile: "p", metadata: Buffer.from("%s") };
    const message = "invalid character '%' looking for beginning of value";
    expect(await outcome(ours.groups.groupPut({ group }), ours)).toEqual({ code: "Unknown", message });
    expect(await outcome(real.groups.groupPut({ group }), real)).toEqual({
      code: "Unknown",
      message: expect.stringContaining("%!"),
    });
  });

  it("a number that no float64 holds is not named; in Matchbox it is", async () => {
    writeBoth(peers, "groups/x.json", `{"id":"x","profile":"p","metadata":{"n":1e999}}`);
    const [theirs, mine] = await Promise.all(
      [real, ours].map((peer) => outcome(peer.groups.groupGet({ id: "x" }), peer)),
    );
    expect(theirs).toEqual({ code: "Unknown", message: expect.stringContaining("number 1e999") });
    expect(mine).toEqual({ code: "Unknown", message: expect.not.stringContaining("1e999") });
  });

  it("slow and endless requests are cut off, headers at 10 s and 16 KiB; Matchbox keeps them", async () => {
    const half = "GET /boot.ipxe HTTP/1.1\r\nHost: x\r\n";
    const slow = (peer: Peer) => exchange(peer.http, half, 14_000);
    const [theirs, mine] = await Promise.all([slow(real), slow(ours)]);
    expect(theirs).toMatchObject({ closed: false, answer: "" });
    expect(mine).toMatchObject({ closed: true, answer: expect.stringMatching(/^HTTP\/1\.1 408 /) });
    const headers = { long: "x".repeat(17 * 1024) };
    expect((await ask(real, "/boot.ipxe", { headers })).status).toBe(200);
    expect((await ask(ours, "/boot.ipxe", { headers })).status).toBe(431);
  }, 30_000);

  it("a key ring is refused at the start, with what to do; Matchbox signs with it", async () => {
    await inFolder(async (folder) => {
      const home = join(folder, "gnupg");
      mkdirSync(home, { mode: 0o700 });
      const gpg = (...args: string[]) =>
        promisify(execFile)("gpg", ["--homedir", home, "--batch", "--passphrase", "", ...args]);
      const ring = join(folder, "ring.gpg");
      await gpg("--quick-generate-key", "boot", "rsa2048", "sign", "never");
      await gpg("--output", ring, "--export-secret-keys");
      const signing = await startMatchbox(peers.matchbox, join(folder, "real"), [`-key-ring-path=${ring}`]);
      try {
        const { body } = await ask(signing, "/boot.ipxe");
        writeFileSync(join(folder, "boot.ipxe"), body);
        for (const kind of ["sig", "asc"]) {
          const signature = await ask(signing, `/boot.ipxe.${kind}`);
          expect(signature.status).toBe(200);
          writeFileSync(join(folder, kind), signature.body, "latin1");
          const { stderr } = await gpg("--verify", join(folder, kind), join(folder, "boot.ipxe"));
          expect(stderr).toContain("Good signature");
        }
      } finally {
        await signing.stop();
        await promisify(execFile)("gpgconf", ["--homedir", home, "--kill", "all"]);
      }
      const served = [
        process.execPath,
        join(import.meta.dirname, "../../modules/cli/landfall.mjs"),
        ...["boot", "serve", `-data-path=${folder}`, "-assets-path=", "-address=127.0.0.1:0"],
      ];
      const run = (argv: readonly string[], env: Record<string, string> = {}) =>
        promisify(execFile)(argv[0]!, argv.slice(1), {
          env: { ...process.env, ...env },
          timeout: 20_000,
        }).catch(({ code, stderr }: { code: number; stderr: string }) => ({ code, stderr }));
      for (const ended of [
        await run([...served, `-key-ring-path=${ring}`]),
        await run(served, { MATCHBOX_KEY_RING_PATH: ring }),
      ]) {
        expect(ended).toMatchObject({ code: 2 });
        expect(ended.stderr).toMatch(/-key-ring-path: Landfall's boot service makes no signatures/);
        expect(ended.stderr).toMatch(/leave it out; with boot\.service: matchbox, Matchbox signs/);
      }
    });
  }, 60_000);
});

describe("flags", () => {
  /** As Go's flag package prints them: name, what it takes, default. */
  const printed = /^ {2}-(\S+)(?: (\S+))?\n\s+.*?(?: \(default "(.*)"\))?$/gm;

  it("are all that Matchbox has, with its defaults, and no other of its names", async () => {
    const { stderr } = await promisify(execFile)(peers.matchbox, ["-help"]);
    const theirs = [...stderr.matchAll(printed)].map(([, name = "", takes, value]) => ({
      name,
      boolean: takes === undefined,
      default: value ?? (takes === undefined ? "false" : ""),
      env: `MATCHBOX_${name.toUpperCase().replaceAll("-", "_")}`,
    }));
    expect(theirs.map(({ name }) => name)).toContain("address");
    const mine = Object.entries(bootFlags)
      .filter(([, { env }]) => env.startsWith("MATCHBOX_"))
      .map(([name, { boolean = false, default: value, env }]) => ({ name, boolean, default: value, env }));
    const byName = (a: { readonly name: string }, b: { readonly name: string }) => (a.name < b.name ? -1 : 1);
    expect(mine.sort(byName)).toEqual(theirs.sort(byName));
  });
});

/** One that goes with what was asked in it. */
async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "landfall-wire-"));
  try {
    await body(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
