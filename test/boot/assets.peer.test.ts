// Assets on real sockets: Landfall's server, nginx with the configuration that Landfall makes for it, and real Matchbox
// give the same answers; where one does not, `differs` says so. Then a herd on Landfall's; herd.peer.test.ts has one on
// the whole service.
import { type ChildProcess, spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { Agent, createServer, request, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Assets, nginxConfig, openAssets, type TransferLimits } from "../../modules/boot/index.ts";
import { startMatchbox } from "../support/matchbox.ts";
import { freePorts } from "../support/ports.ts";
import { peerTools } from "../support/tools.ts";

const text = "kernel and initrd\n".repeat(50);
const bytes = Buffer.concat([Buffer.from([0x7f, 0, 1, 2]), randomBytes(3000)]);
const hash = createHash("sha256").update(bytes).digest("hex");
const written = new Date("2026-01-02T03:04:05Z");

let folder: string;
let files: string;
const ports: Record<string, number> = {};
const stops: (() => Promise<unknown> | unknown)[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "landfall-assets-"));
  // nginx's workers are another user.
  chmodSync(folder, 0o755);
  const matchbox = await startMatchbox((await peerTools()).matchbox, folder);
  ports.matchbox = Number(new URL(matchbox.http).port);
  // Its assets lie where its data is.
  files = matchbox.data;
  mkdirSync(join(files, hash), { recursive: true });
  mkdirSync(join(files, "page"));
  for (const [name, content] of [
    ["notes.txt", text],
    ["empty.bin", ""],
    ["config.json", "{}"],
    ["initrd.gz", bytes],
    ["a b+c&d.bin", bytes],
    [`${hash}/vmlinuz`, bytes],
    ["page/index.html", "<p>page\n"],
    ["../secret.bin", "secret"],
    ["private.bin", "private"],
  ] as const) {
    writeFileSync(join(files, name), content);
    utimesSync(join(files, name), written, written);
  }
  symlinkSync("../secret.bin", join(files, "out.bin"));
  symlinkSync("..", join(files, "up"));
  symlinkSync("notes.txt", join(files, "inside.txt"));
  symlinkSync("nowhere", join(files, "dangling"));

  const ours = await serveAssets(files);
  ports.landfall = ours.port;
  const [port] = await freePorts(1);
  ports.nginx = port!;
  const nginx = await startNginx(port!, files);
  stops.push(ours.stop, matchbox.stop, nginx);
}, 600_000);
afterAll(async () => {
  for (const stop of stops) await stop();
  rmSync(folder, { recursive: true });
});

/** @param onTurn told who writes a piece: the number of its request, in the order in which they came */
async function serveAssets(root: string, limits: TransferLimits = {}, onTurn?: (request: number) => void) {
  const errors: unknown[] = [];
  let requests = 0;
  const assets: Assets = openAssets({ folder: root, limits, onError: (error) => errors.push(error) });
  const server: Server = createServer((asked, response) => {
    const path = decodeURIComponent(asked.url!.split("?", 1)[0]!);
    const number = requests++;
    response.write = new Proxy(response.write, {
      apply(write, self, args) {
        onTurn?.(number);
        return Reflect.apply(write, self, args);
      },
    });
    if (path.startsWith("/assets/")) assets.serve(path, asked, response);
    else response.end(`${asked.headers.host} ${asked.url}`);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    memory: assets.memory,
    errors,
    connections: () => new Promise<number>((resolve) => server.getConnections((_, count) => resolve(count))),
    stop: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

async function startNginx(port: number, root: string): Promise<() => Promise<void>> {
  const state = join(folder, "nginx");
  mkdirSync(state);
  const config = join(state, "nginx.conf");
  writeFileSync(
    config,
    nginxConfig({
      listen: `127.0.0.1:${port}`,
      service: `127.0.0.1:${ports.landfall}`,
      folder: root,
      state,
      workers: 1,
    }),
  );
  const child: ChildProcess = spawn("nginx", ["-e", "stderr", "-p", state, "-c", config], {
    stdio: "ignore",
  });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  await answering(port, child);
  return () => {
    child.kill("SIGTERM");
    return exited;
  };
}

async function answering(port: number, child: ChildProcess): Promise<void> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`nginx ended with ${child.exitCode}`);
    try {
      await ask(port, "/assets/notes.txt");
      return;
    } catch {
      await setTimeout(20);
    }
  }
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Buffer;
}

const agent = new Agent({ keepAlive: false });

function ask(
  port: number,
  path: string,
  headers: Record<string, string> = {},
  method = "GET",
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port, path, method, headers, agent }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () =>
        resolve({
          status: response.statusCode!,
          headers: response.headers as Record<string, string>,
          body: Buffer.concat(chunks),
        }),
      );
    });
    sent.on("error", reject);
    sent.end();
  });
}

describe.each(["landfall", "nginx", "matchbox"] as const)("%s", (peer) => {
  const get = (path: string, headers?: Record<string, string>, method?: string) =>
    ask(ports[peer]!, `/assets/${path}`, headers, method);
  const date = "Fri, 02 Jan 2026 03:04:05 GMT";

  it.each([
    ["notes.txt", "text/plain"],
    ["config.json", "application/json"],
    ["initrd.gz", "application/gzip"],
    ["a%20b+c&d.bin", "application/octet-stream"],
    [`${hash}/vmlinuz`, "application/octet-stream"],
    ["empty.bin", "application/octet-stream"],
  ])("sends the whole of %s", async (path, type) => {
    const { status, headers, body } = await get(path);
    expect(status).toBe(200);
    expect(headers["content-type"]?.split(";")[0]).toBe(type);
    expect(headers["content-length"]).toBe(String(body.length));
    expect(headers["accept-ranges"]).toBe("bytes");
    expect(headers["last-modified"]).toBe(date);
    const head = await get(path, {}, "HEAD");
    expect([head.status, head.headers["content-length"], head.body.length]).toEqual([
      200,
      String(body.length),
      0,
    ]);
    if (type === "application/octet-stream" && !path.startsWith("empty")) expect(body).toEqual(bytes);
  });

  it.each([
    ["bytes=0-0", 206, "bytes 0-0/3004"],
    ["bytes=1000-1999", 206, "bytes 1000-1999/3004"],
    ["bytes=3000-", 206, "bytes 3000-3003/3004"],
    ["bytes=3000-9999", 206, "bytes 3000-3003/3004"],
    ["bytes=-4", 206, "bytes 3000-3003/3004"],
    ["bytes=-9999", 206, "bytes 0-3003/3004"],
    ["bytes=3004-", 416, "bytes */3004"],
  ])("sends the range %s", async (range, status, content) => {
    const answer = await get(`${hash}/vmlinuz`, { range });
    expect([answer.status, answer.headers["content-range"]]).toEqual([status, content]);
    if (status !== 206) return;
    const [, from, to] = /(\d+)-(\d+)/.exec(content)!;
    expect(answer.body).toEqual(bytes.subarray(Number(from), Number(to) + 1));
  });

  it("sends several ranges as one body of parts", async () => {
    const { status, headers, body } = await get(`${hash}/vmlinuz`, { range: "bytes=0-9,1000-1009" });
    expect(status).toBe(206);
    const boundary = /^multipart\/byteranges; boundary=(\S+)$/.exec(headers["content-type"]!)?.[1];
    expect(headers["content-length"]).toBe(String(body.length));
    const parts = body.toString("latin1").split(`--${boundary}`).slice(1, -1);
    expect(parts.map((part) => /content-range: (.*)\r/i.exec(part)?.[1])).toEqual([
      "bytes 0-9/3004",
      "bytes 1000-1009/3004",
    ]);
    expect(parts[1]!.split("\r\n\r\n")[1]!.trimEnd()).toBe(
      bytes.subarray(1000, 1010).toString("latin1").trimEnd(),
    );
  });

  it("answers what has not changed without it", async () => {
    const { headers } = await get("notes.txt");
    const cases: [Record<string, string>, number][] = [
      [{ "if-modified-since": date }, 304],
      [{ "if-modified-since": "Fri, 02 Jan 2026 03:04:04 GMT" }, 200],
      [{ "if-unmodified-since": "Fri, 02 Jan 2026 03:04:04 GMT" }, 412],
      [{ "if-range": date, range: "bytes=0-1" }, 206],
      [{ "if-range": '"other"', range: "bytes=0-1" }, 200],
      [{ "if-none-match": '"other"' }, 200],
    ];
    const { etag } = headers;
    // Matchbox has none.
    expect(etag === undefined).toBe(peer === "matchbox");
    if (etag !== undefined) {
      expect(etag).toMatch(/^"[0-9a-f-]+"$/);
      cases.push(
        [{ "if-none-match": etag }, 304],
        [{ "if-none-match": `"other", ${etag}` }, 304],
        [{ "if-match": '"other"' }, 412],
        [{ "if-match": etag }, 200],
        [{ "if-range": etag, range: "bytes=0-1" }, 206],
      );
    }
    for (const [asked, status] of cases)
      expect([asked, (await get("notes.txt", asked)).status]).toEqual([asked, status]);
  });

  it.each([
    ["nothing", 404],
    ["nothing/there", 404],
    ["notes.txt/more", 404],
    ["dangling", 404],
    ["..%2fsecret.bin", 404],
    ["%2e%2e/secret.bin", 404],
    ["page/..%2f..%2fsecret.bin", 404],
    ["up/secret.bin", 404],
    ["out.bin", 404],
    ["nul%00.bin", 404],
    [`${"x".repeat(300)}`, 404],
  ])("does not find %s", async (path, status) => {
    const answer = await get(path);
    expect(answer.body.toString()).not.toBe(peer === "matchbox" ? "nothing" : "secret");
    if (differs(peer, path)) return;
    expect(answer.status).toBe(status);
  });

  it("sends the page of a folder that has one", async () => {
    expect((await get("page/")).body.toString()).toBe("<p>page\n");
    const { status, headers } = await get("page");
    expect([status, headers.location?.replace(/^http:\/\/[^/]*/, "")]).toEqual([
      301,
      // nginx names the whole path.
      peer === "nginx" ? "/assets/page/" : "page/",
    ]);
  });
});

/** What Landfall's server, nginx and Matchbox do on purpose, each in its own way. */
function differs(peer: string, path: string): boolean {
  // Matchbox follows links out of its folder, and has other words for a path that cannot be.
  if (peer === "matchbox") return /^(?:up\/|out|nul|x{300})/.test(path);
  // nginx follows no link at all, and says so; what is no path is a bad request.
  return (
    peer === "nginx" && /^(?:up\/|out|dangling|nul|\.\.%2f|%2e|page\/\.\.|x{300}|notes\.txt\/)/.test(path)
  );
}

it.each([
  ["POST", "notes.txt", [200, 405, 200]],
  ["GET", "", [200, 403, 200]],
  ["GET", "inside.txt", [200, 403, 200]],
  ["GET", "out.bin", [404, 403, 200]],
  ["GET", "up/secret.bin", [404, 404, 200]],
] as const)(
  "on purpose, %s %s is answered by Landfall, nginx and Matchbox with %j",
  async (method, path, wanted) => {
    const peers = [ports.landfall!, ports.nginx!, ports.matchbox!];
    const said = await Promise.all(peers.map((port) => ask(port, `/assets/${path}`, {}, method)));
    expect(said.map(({ status }) => status)).toEqual(wanted);
  },
);

describe("Landfall's server", () => {
  it("follows links inside, and names a release's file by its hash", async () => {
    const { body } = await ask(ports.landfall!, "/assets/inside.txt");
    expect(body.toString()).toBe(text);
    const { headers } = await ask(ports.landfall!, `/assets/${hash}/vmlinuz`);
    expect(headers.etag).toBe(`"${hash}-${bytes.length.toString(16)}"`);
  });

  it("nginx hands on what is no asset", async () => {
    const { status, body } = await ask(ports.nginx!, "/ipxe?mac=%22x", { host: "boot.example" });
    expect([status, body.toString()]).toEqual([200, "boot.example /ipxe?mac=%22x"]);
  });
});

describe("a herd", () => {
  const clients = 200;
  const size = 4 * 1024 * 1024;
  const large = randomBytes(size);
  const sum = createHash("sha256").update(large).digest("hex");

  /** Reads to the end, the sooner the better, or with a pause after each chunk. */
  function fetchAll(port: number, pause = 0): Promise<{ readonly sum: string; readonly end: number }> {
    return new Promise((resolve, reject) => {
      const digest = createHash("sha256");
      const sent = request({ host: "127.0.0.1", port, path: "/assets/large", agent }, async (response) => {
        try {
          for await (const chunk of response) {
            digest.update(chunk);
            if (pause > 0) await setTimeout(pause);
          }
          resolve({ sum: digest.digest("hex"), end: performance.now() });
        } catch (error) {
          reject(error);
        }
      });
      sent.on("error", reject);
      sent.end();
    });
  }

  /**
   * What a fair queue is seen by, in turns and not in seconds, so that a busy computer changes nothing.
   * @param whole turns of a whole transfer
   */
  function watchOrder(whole: number) {
    /** By request: turns taken. In the order in which they took the first. */
    const begun = new Map<number, number>();
    let lead = 0;
    return {
      turn(request: number) {
        const taken = (begun.get(request) ?? 0) + 1;
        begun.set(request, taken);
        for (const [before, theirs] of begun) {
          if (before === request) break;
          if (theirs < whole) lead = Math.max(lead, taken - theirs);
        }
      },
      seen: () => ({
        /** Turns by which one was ahead of another that had begun before it and was not at its end. */
        lead,
        /** Places by which one began later than it came. */
        passedOver: Math.max(...[...begun.keys()].map((request, place) => place - request)),
      }),
    };
  }

  it(`of ${clients} is served whole and in turn, through a bounded memory`, async () => {
    writeFileSync(join(files, "large"), large);
    const limits = { transfers: 64, buffers: 8, turn: 256 * 1024 };
    const order = watchOrder(size / limits.turn);
    const { port, memory, errors, stop } = await serveAssets(files, limits, order.turn);
    let most = 0;
    const watch = setInterval(() => {
      most = Math.max(most, memory());
    }, 5);
    const start = performance.now();
    const done = await Promise.all(Array.from({ length: clients }, () => fetchAll(port)));
    clearInterval(watch);
    stop();
    expect(errors).toEqual([]);
    expect(new Set(done.map((each) => each.sum))).toEqual(new Set([sum]));
    expect(most).toBeLessThanOrEqual((limits.transfers + limits.buffers) * limits.turn);
    // Fair: nobody is far ahead of who began before, and who came first is not passed over while places are given away.
    const { lead, passedOver } = order.seen();
    expect(lead).toBeLessThanOrEqual(size / limits.turn / 2);
    expect(passedOver).toBeLessThanOrEqual(limits.transfers);
    const seconds = (Math.max(...done.map(({ end }) => end)) - start) / 1000;
    console.log(
      `${clients} clients, ${(size * clients) / 2 ** 20} MiB in ${seconds.toFixed(1)} s, ${most / 2 ** 20} MiB of buffers; ${lead} of ${size / limits.turn} turns ahead at most, ${passedOver} passed over`,
    );
  });

  it(`of ${clients} that keep up goes through 8 MiB of buffers, by default`, async () => {
    writeFileSync(join(files, "large"), large);
    // However busy this computer is, nobody counts as slow.
    const { port, memory, errors, stop } = await serveAssets(files, { slowAfter: 60_000 });
    let most = 0;
    const watch = setInterval(() => {
      most = Math.max(most, memory());
    }, 5);
    const done = await Promise.all(Array.from({ length: clients }, () => fetchAll(port)));
    clearInterval(watch);
    stop();
    expect(errors).toEqual([]);
    expect(new Set(done.map((each) => each.sum))).toEqual(new Set([sum]));
    expect(most).toBeLessThanOrEqual(8 * 2 ** 20);
  });

  it("is not held up by those who read slowly, or not at all", async () => {
    const { port, memory, errors, connections, stop } = await serveAssets(files, {
      transfers: 64,
      buffers: 4,
      slowAfter: 50,
      cutAfter: 1_000,
    });
    const silent = Array.from({ length: 20 }, () => {
      const socket = connect(port, "127.0.0.1");
      socket.on("error", () => {});
      socket.write("GET /assets/large HTTP/1.1\r\nHost: x\r\n\r\n");
      return socket.pause();
    });
    const slow = Array.from({ length: 20 }, () => fetchAll(port, 2));
    await setTimeout(200);
    const quick = await Promise.all(Array.from({ length: 20 }, () => fetchAll(port)));
    expect(new Set(quick.map((each) => each.sum))).toEqual(new Set([sum]));
    expect(new Set((await Promise.all(slow)).map((each) => each.sum))).toEqual(new Set([sum]));
    expect(memory()).toBeLessThanOrEqual(68 * 256 * 1024);
    // Those who read nothing have been cut off.
    await expect.poll(connections, { timeout: 10_000 }).toBe(0);
    for (const socket of silent) socket.destroy();
    stop();
    expect(errors).toEqual([]);
  });

  it("of one: a file that becomes shorter on the way breaks off, and is not taken for whole", async () => {
    writeFileSync(join(files, "shrinking"), large);
    const { port, stop } = await serveAssets(files);
    const ended = new Promise<string>((resolve) => {
      const sent = request({ host: "127.0.0.1", port, path: "/assets/shrinking", agent }, (response) => {
        response.once("readable", () => truncateSync(join(files, "shrinking"), 10));
        response.on("error", () => resolve("broken off"));
        response.on("end", () => resolve("whole"));
        globalThis.setTimeout(() => response.resume(), 100);
      });
      sent.end();
    });
    expect(await ended).toBe("broken off");
    stop();
  });
});
