// The initrd's init as the lab runs it, against a real DHCP server, a real HTTP server and the real Ignition.
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { ownPath } from "./files.ts";
import { knownReleases } from "./pins.ts";
import { initrdTree, releaseFilePath, resolveRelease } from "./release.ts";

const cacheDir = process.env.LANDFALL_CACHE ?? join(homedir(), ".cache", "landfall");
let work: string;
beforeEach(() => {
  work = mkdtempSync(join(tmpdir(), "landfall-init-"));
});
afterEach(() => rmSync(work, { recursive: true }));

/** What a boot said on its console, and how it ended. */
interface Boot {
  readonly code: number;
  readonly console: string;
  readonly stages: readonly string[];
}

function boot(): Promise<Boot> {
  const release = resolveRelease(knownReleases[0]!, cacheDir);
  if (release === undefined) {
    throw new Error(
      `no release of these sources in ${cacheDir}: npx landfall release build ${knownReleases[0]}`,
    );
  }
  const files = (["root", "kubernetes"] as const).map((kind) => releaseFilePath(release, kind, cacheDir));
  const flags = ["--mount", "--pid", "--net", "--fork", "--kill-child", "--propagation", "private"];
  const args = [...flags, "sh", ownPath("test", "init.sh"), work, initrdTree(release, cacheDir), ...files];
  return new Promise((resolve) => {
    execFile("unshare", args, { timeout: 60_000, killSignal: "SIGKILL" }, (error, stdout, stderr) => {
      const code = error === null ? 0 : Number(error.code);
      const stages = [...stdout.matchAll(/^landfall: stage (\S+)$/gm)].map((match) => match[1]!);
      resolve({ code, console: stdout + stderr, stages });
    });
  });
}

/** Assets that are not mounted in this setting: their hashes count, not what they are. */
const assets = { root: "the root image", kubernetes: "the release" };
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");

function kernelArguments(options: { cluster?: string; generation?: string } = {}): void {
  const asset = (kind: keyof typeof assets) => {
    const hash = sha256(assets[kind]);
    return `landfall.${kind}=http://10.99.0.1/assets/${hash}/${kind}.squashfs landfall.${kind}.sha256=${hash}`;
  };
  const cluster = `landfall.cluster=${options.cluster ?? "lab-v1"}`;
  const generation = `landfall.generation=${options.generation ?? "0123456789abcdef"}`;
  const ignition = "ignition.firstboot ignition.platform.id=metal";
  const config = "ignition.config.url=http://10.99.0.1/config.ign?mac=52-54-00-00-00-01";
  writeFileSync(
    join(work, "cmdline"),
    `console=ttyS0 ${ignition} ${config} ${asset("root")} ${asset("kubernetes")} ${cluster} ${generation} landfall.disk=/dev/vda\n`,
  );
}

function serve(config: object, served = assets): void {
  for (const kind of ["root", "kubernetes"] as const) {
    const folder = join(work, "www", "assets", sha256(assets[kind]));
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, `${kind}.squashfs`), served[kind]);
  }
  writeFileSync(join(work, "www", "config.ign"), JSON.stringify(config));
}

/** Of the version that Matchbox writes. */
const hello = (text: string) => ({
  ignition: { version: "3.4.0" },
  storage: { files: [{ path: "/etc/hello", contents: { source: `data:,${text}` }, mode: 420 }] },
  passwd: { users: [{ name: "somebody" }] },
});

const disk = (...path: string[]) => join(work, "disk", ...path);
const marker = () => readFileSync(disk("marker"), "utf8");

test("installs from the network, and then boots what it installed without one", async () => {
  kernelArguments();
  serve(hello("landed"));
  const first = await boot();
  expect(first).toMatchObject({ code: 0, stages: ["boot", "install", "ignition", "system"] });
  expect(first.console).toMatch(/^hello: landed$/m);
  expect(first.console).toMatch(/^kubelet$/m);
  expect(marker()).toBe("cluster=lab-v1\ngeneration=0123456789abcdef\nstate=installed\n");
  expect(readFileSync(disk("root", "etc", "passwd"), "utf8")).toMatch(/^somebody:/m);

  rmSync(join(work, "www"), { recursive: true });
  writeFileSync(disk("root", "etc", "hello"), "changed since");
  writeFileSync(join(work, "cmdline"), readFileSync(disk("boot")));
  const second = await boot();
  expect(second).toMatchObject({ code: 0, stages: ["boot", "system"] });
  expect(second.console).toMatch(/^hello: changed since$/m);
});

test("asked to install what is installed, it boots that: nothing is wiped twice for one order", async () => {
  kernelArguments();
  serve(hello("one"));
  await boot();
  serve(hello("two"));
  const again = await boot();
  expect(again).toMatchObject({ code: 0, stages: ["boot", "system"] });
  expect(again.console).toMatch(/^hello: one$/m);

  kernelArguments({ generation: "fedcba9876543210" });
  const next = await boot();
  expect(next.stages).toContain("install");
  expect(next.console).toMatch(/^hello: two$/m);
});

test("a disk of another cluster is refused and left as it is", async () => {
  kernelArguments();
  serve(hello("mine"));
  await boot();
  const before = marker();
  kernelArguments({ cluster: "lab-v2" });
  const refused = await boot();
  expect(refused).toMatchObject({ code: 10, stages: ["boot"] });
  expect(refused.console).toContain(
    "the disk belongs to cluster 'lab-v1', not to 'lab-v2': nothing was changed",
  );
  expect(marker()).toBe(before);
  expect(readFileSync(disk("root", "etc", "hello"), "utf8")).toBe("mine");
});

test("an asset that is not what was promised stops it before the disk is touched", async () => {
  kernelArguments();
  serve(hello("never"), { ...assets, kubernetes: "the evil release" });
  const stopped = await boot();
  expect(stopped.code).toBe(1);
  expect(stopped.console).toContain(`expected SHA-256 ${sha256(assets.kubernetes)}`);
  expect(stopped.console).toContain(`has SHA-256 ${sha256("the evil release")}`);
  expect(existsSync(disk("marker"))).toBe(false);
  // What did not verify is not kept either.
  expect(existsSync(join(work, "cache", sha256(assets.kubernetes), "kubernetes.squashfs"))).toBe(false);
});

test.each([
  ["one of a version that nobody knows", { ignition: { version: "9.9.9" } }, "unsupported config version"],
  ["none", undefined, "resource not found"],
])("a config that is %s stops it before anything is written or fetched", async (_, config, reason) => {
  kernelArguments();
  serve(config ?? hello("never"));
  if (config === undefined) rmSync(join(work, "www", "config.ign"));
  const stopped = await boot();
  expect(stopped).toMatchObject({ code: 1, stages: ["boot"] });
  expect(stopped.console).toContain(reason);
  expect(stopped.console).toContain("failed: no Ignition config for this machine: nothing was written");
  expect(readdirSync(disk())).toEqual([]);
  expect(readdirSync(join(work, "cache"))).toEqual([]);
});

test("an install that was cut off starts anew, with nothing of it left", async () => {
  kernelArguments();
  const contents = { source: "data:,spoiled", verification: { hash: `sha256-${"0".repeat(64)}` } };
  serve({ ignition: { version: "3.4.0" }, storage: { files: [{ path: "/etc/hello", contents }] } });
  const failed = await boot();
  expect(failed.code).toBe(1);
  expect(failed.console).toContain("landfall: failed: Ignition's stage files failed");
  expect(marker()).toContain("state=installing");

  mkdirSync(disk("root", "etc"), { recursive: true });
  writeFileSync(disk("root", "etc", "leftover"), "");
  serve(hello("whole"));
  const whole = await boot();
  expect(whole).toMatchObject({ code: 0, stages: ["boot", "install", "ignition", "system"] });
  expect(existsSync(disk("root", "etc", "leftover"))).toBe(false);
  expect(marker()).toContain("state=installed");
});

test("told to boot a disk on which nothing is installed, it says so", async () => {
  writeFileSync(
    join(work, "cmdline"),
    "landfall.local landfall.cluster=lab-v1 landfall.generation=0123456789abcdef\n",
  );
  const failed = await boot();
  expect(failed).toMatchObject({ code: 1, stages: ["boot"] });
  expect(failed.console).toContain("nothing is installed on the disk");
});
