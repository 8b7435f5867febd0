// A herd of machines that want the same image, on the real `landfall boot serve` with its own limits.
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { Agent, get, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Matchbox, startLandfallBoot } from "../support/matchbox.ts";

/** Those of modules/boot/assets/transfers.ts. */
const limit = { transfers: 512, buffers: 32, turn: 256 * 1024 };
/** Several times what both kernels' buffers take of it, and what a reader takes in its turn. */
const size = 16 * 2 ** 20;
const image = randomBytes(size);
const sum = createHash("sha256").update(image).digest("hex");

let folder: string;
let service: Matchbox;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "landfall-herd-"));
  const assets = join(folder, "assets");
  mkdirSync(assets);
  writeFileSync(join(assets, "image"), image);
  // More than both kernels' buffers take of it, so that who does not read keeps its place.
  writeFileSync(join(assets, "endless"), "");
  truncateSync(join(assets, "endless"), 2 ** 30);
  service = await startLandfallBoot(folder, [], { assets });
}, 60_000);
afterAll(async () => {
  await service?.stop();
  rmSync(folder, { recursive: true });
});

const megabytes = (what: string) =>
  Number(
    new RegExp(`^${what}:\\s+(\\d+)`, "m").exec(readFileSync(`/proc/${service.pid}/status`, "utf8"))![1],
  ) / 1024;

interface Machine {
  /** Undefined while it waits in line. */
  response: IncomingMessage | undefined;
  bytes: number;
  readonly leave: () => void;
}

/** Asks, and reads nothing yet. */
function machine(path: string, onResponse: (self: Machine) => void = () => {}): Machine {
  const agent = new Agent({ keepAlive: false });
  const asked = get(`${service.http}/assets/${path}`, { agent }, (response) => {
    self.response = response;
    response.on("error", () => {});
    onResponse(self);
  });
  asked.on("error", () => {});
  const self: Machine = { response: undefined, bytes: 0, leave: () => asked.destroy() };
  return self;
}

it("a herd of 200 has it whole, and nobody has all of it before everybody had a turn", async () => {
  const machines: Machine[] = [];
  /** How much each had when the first had all of it. */
  let atFirstEnd: readonly number[] | undefined;
  const wholes = Array.from(
    { length: 200 },
    () =>
      new Promise<string>((resolve, reject) => {
        machines.push(
          machine("image", async (self) => {
            const digest = createHash("sha256");
            try {
              for await (const chunk of self.response!) {
                digest.update(chunk);
                self.bytes += (chunk as Buffer).length;
              }
              atFirstEnd ??= machines.map(({ bytes }) => bytes);
              resolve(digest.digest("hex"));
            } catch (error) {
              reject(error);
            }
          }),
        );
      }),
  );
  expect(new Set(await Promise.all(wholes))).toEqual(new Set([sum]));
  const least = Math.min(...atFirstEnd!);
  console.log(`when the first of 200 had all, the last had ${((least / size) * 100).toFixed(0)}%`);
  expect(least).toBeGreaterThanOrEqual(limit.turn);
});

it("of a herd of 600, 512 at once: the others wait in line, none is refused, each that leaves lets one in", async () => {
  const before = megabytes("VmRSS");
  const machines = Array.from({ length: 600 }, () => machine("endless"));
  const begun = () => machines.filter(({ response }) => response !== undefined);
  await expect.poll(() => begun().length, { timeout: 30_000 }).toBe(limit.transfers);
  // Boot scripts do not wait behind them; nor has anybody got in meanwhile.
  for (let i = 0; i < 20; i++) expect((await fetch(`${service.http}/boot.ipxe`)).status).toBe(200);
  expect(begun().length).toBe(limit.transfers);
  const [first, ...others] = begun();
  first!.leave();
  await expect.poll(() => begun().length, { timeout: 10_000 }).toBe(limit.transfers + 1);
  for (const each of others.slice(0, 200)) each.leave();
  await expect.poll(() => begun().length, { timeout: 10_000 }).toBe(600);
  expect(new Set(begun().map(({ response }) => response!.statusCode))).toEqual(new Set([200]));
  // At the very worst everybody keeps a buffer.
  const bound = ((limit.transfers + limit.buffers) * limit.turn) / 2 ** 20;
  const grown = megabytes("VmHWM") - before;
  console.log(`600 that read nothing: ${grown.toFixed(0)} MiB more, ${bound} of them for buffers at most`);
  // Some room for 600 connections, and for garbage.
  expect(grown).toBeLessThan(bound + 100);
  for (const each of machines) each.leave();
});
