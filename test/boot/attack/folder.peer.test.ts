// A data folder that is broken, full, read-only or gone, and a clock that is a year off: machines in service boot their
// disks or are told to ask again, and never anything that writes.
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  closeSync,
  existsSync,
  globSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { ask, outcome } from "../peers.ts";
import {
  impatientClientOf,
  inService,
  type Memory,
  putInService,
  roomMegabytes,
  script,
  servedWhile,
  startVictim,
  type Victim,
} from "./victim.ts";

const bootOf = async (victim: Victim, mac = inService) => await ask(victim, `/ipxe?mac=${mac}`);
const local = "sanboot";

/** Its own disk, or to be asked again. */
async function neverInstalls(victim: Victim): Promise<void> {
  for (const path of ["ipxe", "grub", "ignition"]) {
    const { status, body } = await ask(victim, `/${path}?mac=${inService}`);
    expect(body).not.toContain("/assets/k");
    expect(body).not.toContain("3.4.0");
    expect([200, 404, 503]).toContain(status);
  }
}

describe("documents that are none", () => {
  let victim: Victim;
  let before: Memory;
  const file = (name: string) => join(victim.data, name);
  const write = (contents: string | Uint8Array) => (path: string) => writeFileSync(path, contents);
  const link = (target: string) => (path: string) => symlinkSync(target, path);

  beforeAll(async () => {
    victim = await startVictim([], {
      // Root may read everything, else.
      under: () => ["setpriv", "--bounding-set=-dac_override,-dac_read_search"],
    });
    await putInService(victim);
    before = victim.memory();
  }, 60_000);
  afterAll(() => victim?.stop());
  afterEach(async () => {
    await servedWhile(victim, async () => {});
    await neverInstalls(victim);
    expect(victim.memory().megabytes).toBeLessThan(before.megabytes + roomMegabytes);
    expect(victim.memory().handles).toBeLessThan(before.handles + 30);
  });

  const broken: readonly (readonly [string, (path: string) => void])[] = [
    ["half of it", write('{"id":"x","profile":"p","selector":{"os":"x"')],
    ["nothing", write("")],
    ["a list", write("[]")],
    ["wrong types", write('{"id":1,"mac":[],"name":{},"profile":2,"selector":"a","metadata":[]}')],
    ["bytes", write(Buffer.from(Array.from({ length: 5000 }, (_, i) => (i * 7919) % 256)))],
    ["100 MB of brackets", write(Buffer.alloc(100_000_000, "["))],
    ["a megabyte of brackets", write(Buffer.alloc(1_000_000, "["))],
    ["100 MB of spaces", write(Buffer.alloc(100_000_000, " "))],
    ["a folder", (path) => mkdirSync(path)],
    ["a pipe", (path) => execFileSync("mkfifo", [path])],
    ["a link to endless zeros", link("/dev/zero")],
    ["a link to itself", (path) => symlinkSync(path.slice(path.lastIndexOf("/") + 1), path)],
    ["a link that leads nowhere", link("/nowhere/at/all")],
    [
      "unreadable",
      (path) => {
        writeFileSync(path, '{"id":"x","profile":"p"}');
        chmodSync(path, 0);
      },
    ],
  ];

  const short = broken.filter(([what]) => /half|100 MB of br|folder|pipe|unreadable/.test(what));
  it.each([
    ...broken.map(([what, make]) => ["groups/x.json", what, make] as const),
    ...["profiles/x.json", "ignition/x.ign", "generic/x"].flatMap((name) =>
      short.map(([what, make]) => [name, what, make] as const),
    ),
  ])("as %s, %s: left out, and the others are served", async (name, _, make) => {
    await servedWhile(victim, async () => make(file(name)));
    rmSync(file(name), { recursive: true });
  });

  it.each(broken)("as the record of a machine in service, %s: it is told to ask again", async (_, make) => {
    const record = file(`machines/${inService.replaceAll(":", "")}.json`);
    const kept = readFileSync(record);
    rmSync(record);
    make(record);
    expect((await bootOf(victim)).status).toBe(503);
    expect((await ask(victim, `/ignition?mac=${inService}`)).status).toBe(503);
    const client = impatientClientOf(victim);
    try {
      await expect(client.get(inService)).rejects.toMatchObject({
        code: expect.stringMatching(/record-broken|document-unreadable/),
        details: { next: expect.stringContaining("mend") },
      });
      expect(await client.list()).toEqual([]);
      const order = { mac: inService, kind: "install", cluster: "b", generation: "g", seconds: 60 } as const;
      await expect(client.arm(order)).rejects.toThrow();
    } finally {
      client.close();
    }
    rmSync(record, { recursive: true });
    writeFileSync(record, kept);
    expect((await bootOf(victim)).body).toContain(local);
  });

  it("a file in place of the machines' folder: they are told to ask again", async () => {
    renameSync(file("machines"), file("aside"));
    writeFileSync(file("machines"), "");
    expect((await bootOf(victim)).status).toBe(503);
    unlinkSync(file("machines"));
    renameSync(file("aside"), file("machines"));
    expect((await bootOf(victim)).body).toContain(local);
  });

  it("no data folder, or another one in its place: no machine is taken for unknown", async () => {
    const data = victim.data;
    renameSync(data, `${data}.away`);
    for (const another of [false, true]) {
      if (another) mkdirSync(join(data, "machines"), { recursive: true });
      expect((await bootOf(victim)).status).toBe(503);
      expect((await bootOf(victim, "52:54:00:00:00:02")).status).toBe(503);
      expect(
        await outcome(victim.generic.genericPut({ name: "x", config: Buffer.from("x") }), victim),
      ).toMatchObject({
        code: "Unavailable",
      });
      expect(existsSync(join(data, "generic"))).toBe(false);
    }
    rmSync(data, { recursive: true });
    renameSync(`${data}.away`, data);
    await expect
      .poll(async () => (await bootOf(victim, "52:54:00:00:00:02")).body, { timeout: 10_000 })
      .toBe(script);
    expect((await bootOf(victim)).body).toContain(local);
  });

  it("each is named in the log, once told apart", () => {
    const lines = victim
      .logged()
      .split("\n")
      .filter((line) => line.includes("a document is broken"));
    expect(lines.length).toBeGreaterThan(20);
    for (const line of lines)
      expect(JSON.parse(line)).toMatchObject({ level: "warn", kind: expect.anything() });
  });
});

/** In a mount namespace of its own: its data folder is on a file system of two megabytes, and so is its log. */
const small = (then = "", log = "$data/log") => ({
  under: ({ folder, data }: { folder: string; data: string }) => [
    "unshare",
    "--mount",
    "sh",
    "-ec",
    `data=${data}
     cp -a $data ${folder}/copy
     mount -t tmpfs -o size=2m,mode=755 tmpfs $data
     cp -a ${folder}/copy/. $data
     ${then}
     exec "$@" >>${log} 2>&1`,
    "sh",
  ],
});
const armed = "52:54:00:00:00:09";

async function arm(victim: Victim, mac = armed): Promise<void> {
  const client = impatientClientOf(victim);
  try {
    await client.register({ mac, name: "m9", site: "lab" });
    await client.arm({ mac, kind: "install", cluster: "lab-v1", generation: "g1", seconds: 600 });
  } finally {
    client.close();
  }
}

/** Reading goes on, writing is refused with the reason, and nothing is half-written. */
async function onlyReads(victim: Victim, expected: { code: string; refusal: string }): Promise<void> {
  const files = () => readdirSync(victim.data, { recursive: true, encoding: "utf8" }).sort();
  const before = files();
  await servedWhile(victim, async () => {
    for (let round = 0; round < 3; round++) {
      expect((await bootOf(victim)).body).toContain(local);
      expect(await bootOf(victim, armed)).toMatchObject({ status: 503 });
      const put = victim.generic.genericPut({ name: "x", config: Buffer.alloc(100_000, "x") });
      expect(await outcome(put, victim)).toMatchObject({
        code: expected.code,
        message: expect.stringMatching(/cannot write/),
      });
      const client = impatientClientOf(victim);
      try {
        await expect(
          client.register({ mac: "52:54:00:00:00:0a", name: "m", site: "lab" }),
        ).rejects.toMatchObject({ code: expected.refusal });
      } finally {
        client.close();
      }
    }
  });
  expect(files()).toEqual(before);
  await neverInstalls(victim);
}

describe("a full disk", () => {
  it("is said, and when there is room again all goes on", async () => {
    const victim = await startVictim([], small());
    try {
      await putInService(victim);
      await arm(victim);
      fill(join(victim.data, "fill"));
      await onlyReads(victim, { code: "ResourceExhausted", refusal: "store-full" });
      rmSync(join(victim.data, "fill"));
      expect((await bootOf(victim, armed)).body).toMatch(/landfall\.order=[0-9a-f]{32}/);
      expect(
        await outcome(victim.generic.genericPut({ name: "x", config: Buffer.from("x") }), victim),
      ).toEqual(expect.not.objectContaining({ code: expect.anything() }));
    } finally {
      await victim.stop();
    }
  }, 60_000);
});

describe("a read-only folder", () => {
  it("is said when something is to be written", async () => {
    const victim = await startVictim([], small("", "/dev/null"));
    const mount = (how: string) =>
      execFileSync("nsenter", [
        `--mount=/proc/${victim.pid}/ns/mnt`,
        ...["mount", "-o", `remount,${how}`, dataOf(victim)],
      ]);
    try {
      await putInService(victim);
      await arm(victim);
      // Busy until the service has given back its lock, which it holds for some milliseconds more.
      await vi.waitFor(() => mount("ro"), 10_000);
      await onlyReads(victim, { code: "Unavailable", refusal: "store-unreachable" });
      mount("rw");
      expect((await bootOf(victim, armed)).body).toMatch(/landfall\.order=[0-9a-f]{32}/);
    } finally {
      await victim.stop();
    }
  }, 60_000);

  it("is served from the start, also with what a killed process left there", async () => {
    const victim = await startVictim([], {
      ...small("touch $data/groups/.landfall-0123456789abcdef.new; mount -o remount,ro $data", "/dev/null"),
    });
    try {
      await servedWhile(victim, async () => {});
      const put = victim.generic.genericPut({ name: "x", config: Buffer.from("x") });
      expect(await outcome(put, victim)).toMatchObject({ code: "Unavailable" });
    } finally {
      await victim.stop();
    }
  }, 60_000);
});

/** Where the service itself finds it. */
function dataOf(victim: Victim): string {
  return victim.data.slice(`/proc/${victim.pid}/root`.length);
}

function fill(path: string): void {
  const handle = openSync(path, "w");
  try {
    for (let size = 65_536; size >= 1; size = Math.floor(size / 16)) {
      try {
        for (;;) writeSync(handle, Buffer.alloc(size, "x"));
      } catch (error) {
        expect(error).toMatchObject({ code: "ENOSPC" });
      }
    }
  } finally {
    closeSync(handle);
  }
}

describe("a clock", () => {
  it.each(["+366d", "-366d", "+20y"])(
    "that is off by %s reinstalls nobody, and revives no order",
    async (off) => {
      const [library] = globSync("/usr/lib/*/faketime/libfaketime.so.1");
      let clock = "";
      const victim = await startVictim([], {
        prepare: ({ folder }) => {
          clock = join(folder, "clock");
          writeFileSync(clock, "+0");
        },
        under: ({ folder }) => [
          "env",
          `LD_PRELOAD=${library}`,
          `FAKETIME_TIMESTAMP_FILE=${join(folder, "clock")}`,
          "FAKETIME_NO_CACHE=1",
          "DONT_FAKE_MONOTONIC=1",
        ],
      });
      const set = async (to: string) => {
        writeFileSync(`${clock}.new`, to);
        renameSync(`${clock}.new`, clock);
        const wanted =
          new Date().getFullYear() + (to === "+0" ? 0 : to === "+20y" ? 20 : to === "+366d" ? 1 : -1);
        await expect
          .poll(async () => new Date((await fetch(victim.http)).headers.get("date")!).getFullYear(), {
            timeout: 10_000,
          })
          .toBe(wanted);
      };
      try {
        await putInService(victim);
        await arm(victim);
        await arm(victim, "52:54:00:00:00:0b");
        await set(off);
        await servedWhile(victim, async () => {
          for (let i = 0; i < 3; i++) {
            await neverInstalls(victim);
            expect((await bootOf(victim)).body).toContain(local);
            // An order that is a year old, or from a year to come, is in nobody's time.
            expect((await bootOf(victim, armed)).body).toContain(local);
          }
        });
        await set("+0");
        await neverInstalls(victim);
        expect((await bootOf(victim)).body).toContain(local);
        if (!off.startsWith("-")) expect((await bootOf(victim, armed)).body).toContain(local);
        // One that nobody asked for meanwhile is what it was.
        expect((await bootOf(victim, "52:54:00:00:00:0b")).body).toMatch(/landfall\.order=[0-9a-f]{32}/);
      } finally {
        await victim.stop();
      }
    },
    60_000,
  );
});
