// The initrd's init against a block device: partition table, file systems, boot loader, and power that goes at any step.
// What a firmware would then start is read with GRUB's own drivers, which know no journal.
import { execFile, execFileSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import {
  chmodSync,
  closeSync,
  existsSync,
  ftruncateSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ownPath } from "./files.ts";
import { knownReleases } from "./pins.ts";
import { initrdTree, releaseFilePath, resolveRelease } from "./release.ts";

const cacheDir = process.env.LANDFALL_CACHE ?? join(homedir(), ".cache", "landfall");
const sector = 512;
const order = "0123456789abcdef0123456789abcdef";

/** Between any two of these the power may go. */
const steps = [
  ...["claimed", "loader", "partitioned", "formatted", "laid-out", "disarmed"],
  ...["fetched-root", "fetched-kubernetes", "fetched-kernel", "fetched-ramdisk"],
  ...["marked", "rooted", "filled", "entered", "installed", "menu", "arming", "armed", "reported"],
] as const;

let work: string;
beforeEach(() => {
  // In memory: hundreds of the disk's flushes are waited for.
  work = mkdtempSync("/dev/shm/landfall-device-");
  const fd = openSync(join(work, "disk.img"), "w");
  ftruncateSync(fd, 512 * 2 ** 20);
  closeSync(fd);
});
afterEach(() => {
  detach();
  rmSync(work, { recursive: true });
});

/** Loop devices are the computer's, not the namespace's. */
function detach(): void {
  const used = execFileSync("losetup", ["--noheadings", "--output", "NAME", "--associated", disk()], {
    encoding: "utf8",
  });
  for (const device of used.split("\n").filter(Boolean)) execFileSync("losetup", ["--detach", device]);
}

const disk = () => join(work, "disk.img");

interface Boot {
  readonly code: number;
  readonly console: string;
}

function release() {
  const found = resolveRelease(knownReleases[0]!, cacheDir);
  if (found === undefined)
    throw new Error(`no release in ${cacheDir}: npx landfall release build ${knownReleases[0]}`);
  return found;
}

/** @param cut the power goes at this step; the disk is then what had reached it. */
async function boot(cmdline: string, cut = ""): Promise<Boot> {
  writeFileSync(join(work, "cmdline"), `${cmdline}\n`);
  const flags = ["--mount", "--pid", "--net", "--fork", "--kill-child", "--propagation", "private"];
  const files = (["root", "kubernetes"] as const).map((kind) => releaseFilePath(release(), kind, cacheDir));
  const args = [
    ...flags,
    "sh",
    ownPath("test", "device.sh"),
    work,
    initrdTree(release(), cacheDir),
    ...files,
    cut,
  ];
  const ended = await new Promise<Boot>((resolve) => {
    execFile("unshare", args, { timeout: 60_000, killSignal: "SIGKILL" }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), console: stdout + stderr }),
    );
  });
  detach();
  if (cut !== "" && ended.code === 99) renameSync(join(work, "cut.img"), disk());
  return ended;
}

const kinds = {
  root: "root.squashfs",
  kubernetes: "kubernetes.squashfs",
  kernel: "kernel",
  ramdisk: "initrd",
};
type Kind = keyof typeof kinds;
const sha256 = (text: string | Buffer) => createHash("sha256").update(text).digest("hex");
const content = (kind: Kind) => `the ${kind}`;

interface Landing {
  readonly cluster?: string;
  readonly generation?: string;
  /** Default: true. */
  readonly ordered?: boolean;
}

function networkArguments(options: Landing = {}): string {
  const assets = (Object.keys(kinds) as Kind[]).flatMap((kind) => {
    const hash = sha256(content(kind));
    return [
      `landfall.${kind}=http://10.99.0.1/assets/${hash}/${kinds[kind]}`,
      `landfall.${kind}.sha256=${hash}`,
    ];
  });
  return [
    "console=ttyS0",
    "ignition.firstboot",
    "ignition.platform.id=metal",
    "ignition.config.url=http://10.99.0.1/config.ign?mac=52-54-00-00-00-01",
    ...(options.ordered === false
      ? []
      : ["landfall.report=http://10.99.0.1/cgi-bin/report?mac=52-54-00-00-00-01", `landfall.order=${order}`]),
    ...assets,
    `landfall.cluster=${options.cluster ?? "lab-v1"}`,
    `landfall.generation=${options.generation ?? "0123456789abcdef"}`,
    "landfall.disk=@DISK@",
  ].join(" ");
}

/** A boot service: what Ignition writes, and an ear that writes down what is reported. */
function serve(text: string, orderState = "200 OK"): void {
  for (const kind of Object.keys(kinds) as Kind[]) {
    const folder = join(work, "www", "assets", sha256(content(kind)));
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, kinds[kind]), content(kind));
  }
  const config = {
    ignition: { version: "3.4.0" },
    storage: {
      files: [{ path: "/etc/hello", contents: { source: `data:,${encodeURIComponent(text)}` }, mode: 420 }],
    },
  };
  writeFileSync(join(work, "www", "config.ign"), JSON.stringify(config));
  mkdirSync(join(work, "www", "cgi-bin"), { recursive: true });
  const ear = join(work, "www", "cgi-bin", "report");
  writeFileSync(
    ear,
    [
      "#!/bin/sh",
      `echo "$REQUEST_METHOD $QUERY_STRING $(head -c "\${CONTENT_LENGTH:-0}")" >>${work}/reports`,
      `[ "$REQUEST_METHOD" = POST ] || printf 'Status: ${orderState}\\r\\n'`,
      `printf 'Content-Type: text/plain\\r\\n\\r\\nok\\n'`,
      "",
    ].join("\n"),
  );
  chmodSync(ear, 0o755);
}

/**
 * The root image comes by a server that sends a fifth of it, and the next one when it has heard how much is there: so
 * that what is told of the way between does not hang on anybody's speed. Returns the kernel arguments for it.
 */
function serveSlowly(): string {
  const image = join(work, "slow.squashfs");
  writeFileSync(image, randomBytes(5 * fifth));
  const hash = sha256(readFileSync(image));
  const program = join(work, "www", "cgi-bin", "slow");
  writeFileSync(
    program,
    [
      "#!/bin/sh",
      `printf 'Content-Type: application/octet-stream\\r\\nContent-Length: ${5 * fifth}\\r\\n\\r\\n'`,
      '[ "$REQUEST_METHOD" = GET ] || exit 0',
      `told() { grep -c percent= ${work}/reports; }`,
      "for part in 0 1 2 3 4; do",
      "  before=$(told)",
      `  dd if=${image} bs=${fifth} skip=$part count=1 2>/dev/null`,
      // One that is silent gets the rest all the same, and the test what it did not hear.
      '  for _ in $(seq 50); do [ "$(told)" = "$before" ] || break; sleep 0.1; done',
      "done",
      "",
    ].join("\n"),
  );
  chmodSync(program, 0o755);
  return `landfall.root=http://10.99.0.1/cgi-bin/slow/${hash}/root.squashfs landfall.root.sha256=${hash}`;
}
const fifth = 100_000;

const reports = () => {
  const file = join(work, "reports");
  return existsSync(file) ? readFileSync(file, "utf8") : "";
};

/** With GRUB's own drivers; undefined when there is no such file. */
function readAsLoader(path: string): Buffer | undefined {
  try {
    return execFileSync("grub-fstest", [disk(), "cat", `(loop0,gpt3)${path}`], {
      stdio: ["ignore", "pipe", "ignore"],
    });
  } catch {
    return undefined;
  }
}

/** Whether UEFI finds an EFI system partition to start from: its first sector is the switch. */
function efiStarts(): boolean {
  const first = Buffer.alloc(sector);
  const fd = openSync(disk(), "r");
  readSync(fd, first, 0, sector, 2 * 2 ** 20);
  closeSync(fd);
  return first.readUInt16LE(510) === 0xaa55;
}

/** What the disk's boot loader would start, its kernel and initrd checked; undefined: on to the network. */
function localBoot(): string | undefined {
  const menu = readAsLoader("/grub/grub.cfg")?.toString() ?? "";
  if (menu === "") {
    expect(efiStarts(), "UEFI would start a boot loader without a menu").toBe(false);
    return undefined;
  }
  const chosen = /^set default=(.+)$/m.exec(menu)![1]!;
  expect(chosen, "GRUB takes what begins with a digit for a position").toMatch(/^[a-z][\w-]*$/);
  const entry = menu.slice(menu.indexOf(`--id ${chosen} {`));
  const [, kernel, args] = /^linux (\S+) (.*)$/m.exec(entry)!;
  const [, initrd] = /^initrd (\S+)$/m.exec(entry)!;
  for (const path of [kernel!, initrd!]) expect(sha256(readAsLoader(path)!)).toBe(path.split("/")[2]);
  return args!;
}

/** What it said is what tells why it failed. */
function booted(ended: Boot): string {
  expect(ended.code, ended.console).toBe(0);
  return ended.console;
}

/** As firmware whose disk comes first. */
async function powerOn(network: string): Promise<Boot & { readonly from: "disk" | "network" }> {
  const local = localBoot();
  return { from: local === undefined ? "network" : "disk", ...(await boot(local ?? network)) };
}

it("lays a blank disk out for both firmwares, and boots from it with nothing on the network", async () => {
  serve("landed");
  const first = await powerOn(networkArguments());
  expect(first.from).toBe("network");
  expect(booted(first)).toMatch(/^hello: landed$/m);
  expect([...first.console.matchAll(/^landfall: step (\S+)$/gm)].map(([, step]) => step)).toEqual(steps);
  expect(execFileSync("sgdisk", ["--verify", disk()], { encoding: "utf8" })).toContain("No problems found");
  expect(efiStarts()).toBe(true);
  expect(reports()).toContain(`POST mac=52-54-00-00-00-01 order=${order}&stage=install\n`);
  expect(reports()).toContain(`order=${order}&stage=installed&result=installed&percent=100\n`);

  rmSync(join(work, "www"), { recursive: true });
  const next = await powerOn("nothing answers");
  expect(next).toMatchObject({ code: 0, from: "disk" });
  expect(next.console).toMatch(/^hello: landed$/m);
});

it("tells how much of the release is there, while it comes", async () => {
  serve("landed");
  booted(await boot(`${networkArguments()} ${serveSlowly()}`));
  const percents = [...reports().matchAll(/^POST \S+ order=(\w+)&(?:stage=(\w+)&)?.*percent=(\d+)$/gm)];
  for (const [, whose] of percents) expect(whose).toBe(order);
  const installing = percents.filter(([, , stage]) => stage === "install").map((each) => Number(each[3]));
  // Each was measured when its fifth was there, or a little before.
  expect(installing).toEqual(installing.toSorted((one, other) => one - other));
  const between = new Set(installing.filter((percent) => percent > 0 && percent < 90));
  expect([...between].length, `${installing}`).toBeGreaterThanOrEqual(3);
  expect(installing.every((percent) => percent <= 90)).toBe(true);
  expect(percents.at(-1)!.slice(2)).toEqual(["installed", "100"]);
});

describe("a cut of power", () => {
  it.each(steps)("at %s: power-on alone ends installed", { timeout: 120_000 }, async (step) => {
    serve("whole");
    const network = networkArguments();
    expect((await boot(network, step)).code).toBe(99);
    const ways: string[] = [];
    for (let boots = 0; boots < 3 && ways.at(-1) !== "disk 0"; boots++) {
      const { from, code, console } = await powerOn(network);
      ways.push(`${from} ${code}`);
      if (code === 0) expect(console).toMatch(/^hello: whole$/m);
    }
    expect(ways.at(-1)).toBe("disk 0");
    // Heard, or still to be told by the system that has started.
    if (!reports().includes("result=installed"))
      expect(readAsLoader("/unreported")?.toString()).toContain(order);
  });

  it.each(["disarmed", "fetched-root", "marked", "entered", "installed", "menu"])(
    "while it is installed anew, at %s: never half of either",
    { timeout: 120_000 },
    async (step) => {
      serve("old");
      await boot(networkArguments());
      serve("new");
      const network = networkArguments({ generation: "fedcba9876543210" });
      expect((await boot(network, step)).code).toBe(99);
      expect(await powerOn(network)).toMatchObject({ code: 0, from: "network" });
      const last = await powerOn("nothing answers");
      expect(last).toMatchObject({ code: 0, from: "disk" });
      expect(last.console).toMatch(/^hello: new$/m);
    },
  );
});

it("left on network boot, it boots its disk ten times of ten", { timeout: 120_000 }, async () => {
  serve("once");
  const network = networkArguments();
  await boot(network);
  serve("twice");
  for (let times = 0; times < 10; times++) {
    const again = await boot(network);
    expect(again.code).toBe(0);
    expect(again.console).not.toContain("stage install");
    expect(again.console).toMatch(/^hello: once$/m);
  }
});

it("an order that no longer stands stops it before anything is written", async () => {
  serve("never", "409 Conflict");
  const before = sha256(readFileSync(disk()));
  const stopped = await boot(networkArguments());
  expect(stopped.code).toBe(10);
  expect(stopped.console).toContain("the boot service no longer wants this install");
  expect(sha256(readFileSync(disk()))).toBe(before);
});

describe("without an order, every byte of the disk stays", () => {
  const unordered = networkArguments({ generation: "fedcba9876543210", ordered: false });
  const installed = async () => void booted(await boot(networkArguments()));

  it.each([
    ["a blank one", async () => {}],
    ["one with another landing of its own cluster", installed],
    [
      "one that its cluster let go of",
      async () => {
        writeFileSync(join(work, "after"), "sed -i s/installed/released/ /run/landfall/disk/marker\n");
        await installed();
        rmSync(join(work, "after"));
      },
    ],
  ])("%s: the boot service gives everything but the Ignition config", async (_, prepare) => {
    serve("the one before");
    await prepare();
    // What Landfall's boot service answers: assets are everybody's, a config there is for who has an order.
    rmSync(join(work, "www", "config.ign"));
    const before = sha256(readFileSync(disk()));
    const stopped = await boot(unordered);
    expect(stopped.code).toBe(1);
    expect(stopped.console).toMatch(/failed: no Ignition config for this machine: nothing was written$/m);
    expect(sha256(readFileSync(disk()))).toBe(before);
    // It was the config, and nothing else, that it lacked.
    serve("the one after");
    expect(booted(await boot(unordered))).toMatch(/^hello: the one after$/m);
  });

  it("told to wipe it, which takes no config", async () => {
    serve("kept");
    await installed();
    const before = sha256(readFileSync(disk()));
    const refused = await boot(`${networkArguments({ ordered: false })} landfall.action=wipe`);
    expect(refused.code).toBe(10);
    expect(refused.console).toContain("nobody has ordered the disk to be wiped");
    expect(sha256(readFileSync(disk()))).toBe(before);
  });
});

it("ordered to wipe its disk it leaves a blank one, and says so; another cluster's it leaves alone", async () => {
  serve("gone");
  booted(await boot(networkArguments()));
  const refused = await boot(`${networkArguments({ cluster: "lab-v2" })} landfall.action=wipe`);
  expect(refused.code).toBe(10);
  expect(localBoot()).toBeDefined();

  expect((await boot(`${networkArguments()} landfall.action=wipe`, "wiping")).code).toBe(99);
  const wiped = await boot(`${networkArguments()} landfall.action=wipe`);
  expect(wiped.code, wiped.console).toBe(11);
  expect(reports()).toMatch(/&result=wiped$/m);
  expect(execFileSync("wipefs", ["--no-act", disk()], { encoding: "utf8" })).toBe("");
  expect(readFileSync(disk()).includes("landfall")).toBe(false);
  booted(await boot(networkArguments({ cluster: "lab-v2" })));
});

it("ordered to the rescue it starts in memory, whatever is on the disk", async () => {
  serve("rescued");
  execFileSync("mkfs.ext4", ["-q", "-F", disk()]);
  const before = sha256(readFileSync(disk()));
  const rescue = await boot(`${networkArguments()} landfall.action=rescue`);
  expect(booted(rescue)).toMatch(/^hello: rescued$/m);
  expect(sha256(readFileSync(disk()))).toBe(before);
});

describe("the releases on a disk", () => {
  const releases = (...commands: string[]) =>
    writeFileSync(join(work, "after"), `PATH=$PATH:/usr/lib/landfall\n${commands.join("\n")}\n`);
  const hashOf = (text: string) => {
    const hash = sha256(text);
    for (const name of ["root.squashfs", "initrd"]) {
      const folder = join(work, "www", "assets", hash);
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    return hash;
  };

  it("are added beside the one that runs, tried, taken, rolled back and removed", async () => {
    serve("kept");
    const next = { root: hashOf("the next root"), ramdisk: hashOf("the next initrd") };
    releases(
      "old=$(releases list | cut -c 3-14)",
      `if releases add http://10.99.0.1/assets root=${sha256("not there")}; then exit 9; fi`,
      `new=$(releases add http://10.99.0.1/assets root=${next.root} ramdisk=${next.ramdisk})`,
      "releases list",
      "releases try $new",
      "cp /run/landfall/disk/grub/grubenv /run/landfall/disk/tried",
      "releases default $new",
      "echo old=$old new=$new",
    );
    const first = booted(await boot(networkArguments()));
    const [, old, fresh] = /^old=(\w+) new=(\w+)$/m.exec(first)!;
    expect(first).toContain(`* ${old} ${sha256(content("root"))}/root.squashfs`);
    expect(first).toContain(`  ${fresh} ${next.root}/root.squashfs`);
    expect(readAsLoader("/tried")?.toString()).toContain(`\nonce=${fresh}\n`);
    expect(localBoot()).toContain(`landfall.root=${next.root}/root.squashfs`);

    releases(
      `releases default ${old}`,
      `if releases remove ${old}; then exit 9; fi`,
      `releases remove ${fresh}`,
      "releases list",
    );
    expect(booted(await powerOn("nothing answers"))).toMatch(/^hello: kept$/m);
    expect(localBoot()).toContain(`landfall.root=${sha256(content("root"))}/root.squashfs`);
    expect(readAsLoader(`/releases/${next.root}/root.squashfs`)).toBeUndefined();
  });

  it("change their menu so that at every moment there is a whole one", { timeout: 120_000 }, async () => {
    serve("kept");
    releases(
      "old=$(releases list | cut -c 3-14)",
      `new=$(releases add http://10.99.0.1/assets root=${hashOf("the next root")})`,
      "for _ in $(seq 15); do releases default $new; releases default $old; done",
    );
    booted(await boot(networkArguments()));
    const moments = readdirSync(join(work, "moments"));
    expect(moments.length).toBeGreaterThan(5);
    const roots = moments.map((moment) => {
      renameSync(join(work, "moments", moment), disk());
      return localBoot();
    });
    expect(roots).not.toContain(undefined);
  });

  it("reset: the next start has what the install wrote", async () => {
    serve("as installed");
    releases("echo changed >/etc/hello", "echo mine >/var/mine", "releases reset");
    booted(await boot(networkArguments()));
    releases("if [ -e /var/mine ]; then exit 9; fi");
    const next = booted(await powerOn("nothing answers"));
    expect(next).toMatch(/^landfall: reset: /m);
    expect(next).toMatch(/^hello: as installed$/m);
    rmSync(join(work, "after"));
    expect(booted(await powerOn("nothing answers"))).not.toContain("reset");
  });
});

describe("a disk that is not for it is left as it was, and the boot service is told", () => {
  const reason = (text: string) =>
    `result=failed&reason=${Buffer.from(text).toString("hex").replaceAll(/../g, "%$&")}`;

  it.each([
    ["an ext4 file system", () => execFileSync("mkfs.ext4", ["-q", "-F", disk()])],
    ["a partition table of somebody's", () => execFileSync("sgdisk", ["--new=1:0:0", disk()])],
    ["a swap area", () => execFileSync("mkswap", [disk()])],
  ])("%s", async (_, prepare) => {
    prepare();
    serve("never");
    const before = sha256(readFileSync(disk()));
    const refused = await boot(networkArguments());
    expect(refused.code).toBe(10);
    const said = /failed: (\S+ holds something that is not Landfall's; wipe it first)/.exec(
      refused.console,
    )![1]!;
    expect(reports()).toContain(reason(said));
    expect(sha256(readFileSync(disk()))).toBe(before);
  });

  it("another cluster's", async () => {
    serve("mine");
    await boot(networkArguments());
    const before = sha256(readFileSync(disk()));
    const refused = await boot(networkArguments({ cluster: "lab-v2" }));
    expect(refused.code).toBe(10);
    const said = "the disk belongs to cluster 'lab-v1', not to 'lab-v2': nothing was changed";
    expect(refused.console).toContain(said);
    expect(reports()).toContain(reason(said));
    expect(sha256(readFileSync(disk()))).toBe(before);
    expect((await powerOn("nothing answers")).from).toBe("disk");
  });
});

it("a disk of an earlier version, one file system over the whole, goes by the same rules", async () => {
  serve("new");
  execFileSync("mkfs.ext4", ["-q", "-F", "-L", "landfall", disk()]);
  const marked = (text: string) => {
    const file = join(work, "marker");
    writeFileSync(file, text);
    execFileSync("debugfs", ["-w", "-R", `write ${file} marker`, disk()], { stdio: "ignore" });
  };
  marked("cluster=lab-v0\ngeneration=1\nstate=installed\n");
  expect((await boot(networkArguments())).code).toBe(10);
  execFileSync("debugfs", ["-w", "-R", "rm marker", disk()], { stdio: "ignore" });
  marked("cluster=lab-v0\ngeneration=1\nstate=released\n");
  expect((await boot(networkArguments())).code).toBe(0);
  expect(await powerOn("nothing answers")).toMatchObject({ code: 0, from: "disk" });
});

it("nobody hears it, and it lands all the same; the system goes on reporting", async () => {
  serve("landed");
  rmSync(join(work, "www", "cgi-bin"), { recursive: true });
  const deaf = await boot(networkArguments());
  expect(deaf.code).toBe(0);
  expect(deaf.console.match(/not heard by/g)).toHaveLength(1);
  expect(readAsLoader("/unreported")?.toString()).toBe(
    `http://10.99.0.1/cgi-bin/report?mac=52-54-00-00-00-01\n${order}\n`,
  );
});
