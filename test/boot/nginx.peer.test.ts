// `landfall boot nginx`: real nginx with the configuration that it prints, before the real `landfall boot serve`.
import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { execa } from "execa";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { exampleSite } from "../../modules/cli/example-site.ts";
import { type Matchbox, startLandfallBoot } from "../support/matchbox.ts";
import { freePorts } from "../support/ports.ts";

const landfall = resolve(import.meta.dirname, "../../modules/cli/landfall.mjs");
const image = randomBytes(3 * 2 ** 20 + 7);
const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");
const path = `/assets/${sha256(image)}/root image.squashfs`.replace(" ", "%20");

let folder: string;
let project: string;
let port: number;
let service: Matchbox;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "landfall-nginx-"));
  // nginx's workers are another user.
  chmodSync(folder, 0o755);
  project = join(folder, "project");
  const assets = join(project, "clusters/assets", sha256(image));
  mkdirSync(assets, { recursive: true });
  writeFileSync(join(assets, "root image.squashfs"), image);
  writeFileSync(join(project, "cdktf.json"), "{}"); // a project's root is found by it
  const data = join(folder, "boot/matchbox");
  for (const kind of ["groups", "profiles"]) mkdirSync(join(data, kind), { recursive: true });
  writeFileSync(join(data, "groups/g.json"), `{"id":"g","profile":"p"}`);
  writeFileSync(join(data, "profiles/p.json"), `{"id":"p","boot":{"kernel":"/assets/k","args":["a"]}}`);
  service = await startLandfallBoot(join(folder, "boot"));
  await vi.waitFor(async () => expect((await fetch(`${service.http}/ipxe`)).status).toBe(200), 10_000);
}, 60_000);
afterAll(async () => {
  await service?.stop();
  rmSync(folder, { recursive: true });
});
beforeEach(async () => {
  port = (await freePorts(1))[0]!;
  site(`\n  assetsUrl: http://127.0.0.1:${port}`);
});

/** The site's file, with this beside the folder of its assets. */
function site(assetsUrl: string): void {
  writeFileSync(
    join(project, "clusters/site.yaml"),
    exampleSite(["m0"]).replace("assets: assets", (line) => line + assetsUrl),
  );
}

const bootNginx = (...args: string[]) =>
  execa(process.execPath, [landfall, "boot", "nginx", "rack", ...args], { cwd: project, reject: false });

describe("nginx with what it prints", () => {
  const state = () => join(folder, "state");
  let stop: () => Promise<void> = async () => {};
  afterEach(async () => {
    await stop();
    stop = async () => {};
    rmSync(state(), { recursive: true, force: true });
  });

  async function start(...args: string[]): Promise<void> {
    const { stdout, exitCode } = await bootNginx("--state", state(), ...args);
    expect(exitCode).toBe(0);
    mkdirSync(state());
    const config = join(folder, "nginx.conf");
    writeFileSync(config, stdout);
    const nginx = spawn("nginx", ["-e", "stderr", "-p", state(), "-c", config], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    const said = text(nginx.stderr);
    const exited = new Promise<void>((done) => nginx.once("exit", () => done()));
    stop = async () => {
      nginx.kill("SIGTERM");
      await exited;
      // It has nothing to say, but for what is not there.
      expect((await said).split("\n").filter((line) => !line.includes("/assets/nothing"))).toEqual([""]);
    };
    await expect
      .poll(
        () =>
          nginx.exitCode ??
          ask("/").then(
            () => "listens",
            () => "not yet",
          ),
        { timeout: 10_000 },
      )
      .toBe("listens");
  }

  interface Answer {
    readonly status: number;
    readonly headers: Readonly<Record<string, string | string[] | undefined>>;
    readonly body: Buffer;
  }

  /** Of the address that the site's file names for assets. */
  const ask = (path: string, headers: Record<string, string> = {}, at = `http://127.0.0.1:${port}`) =>
    new Promise<Answer>((resolve, reject) => {
      get(`${at}${path}`, { headers, agent: false }, async (response) => {
        const chunks: Buffer[] = [];
        for await (const chunk of response) chunks.push(chunk);
        resolve({ status: response.statusCode!, headers: response.headers, body: Buffer.concat(chunks) });
      }).on("error", reject);
    });

  it("serves the site's assets where its file says: whole, in part, and not again what has not changed", async () => {
    await start();
    const whole = await ask(path);
    expect([whole.status, sha256(whole.body)]).toEqual([200, sha256(image)]);
    const { etag } = whole.headers as { etag: string };
    expect(etag).toMatch(/^"[0-9a-f-]+"$/);
    const part = await ask(path, { range: "bytes=1048576-", "if-range": etag });
    expect([part.status, part.headers["content-range"]]).toEqual([
      206,
      `bytes 1048576-${image.length - 1}/${image.length}`,
    ]);
    expect(sha256(part.body)).toBe(sha256(image.subarray(1048576)));
    expect((await ask(path, { "if-none-match": etag })).status).toBe(304);
    expect((await ask(path, { range: `bytes=${image.length}-` })).status).toBe(416);
    expect((await ask("/assets/nothing")).status).toBe(404);
    expect((await ask("/ipxe")).status).toBe(404);
    // It keeps what is its own in the folder that was named, and only there.
    expect(readdirSync(state()).sort()).toEqual(
      ["client_body", "fastcgi", "nginx.pid", "proxy", "scgi", "uwsgi"].sort(),
    );
  });

  it("hands on all other paths to the service that is named, as they came", async () => {
    await start("--service", new URL(service.http).host);
    expect(sha256((await ask(path)).body)).toBe(sha256(image));
    for (const each of ["/", "/boot.ipxe", "/ipxe?mac=52-54-00-00-00-01", "/metadata?a=%22x&b=1", "/none"]) {
      const here = await ask(each, { host: "boot.example" });
      const there = await ask(each, { host: "boot.example" }, service.http);
      expect([each, here.status, here.body.toString()]).toEqual([each, there.status, there.body.toString()]);
    }
    expect((await ask("/ipxe")).body.toString()).toBe("#!ipxe\nkernel /assets/k a\nboot\n");
  });
});

describe("refuses, with what to do,", () => {
  it("a site whose file names no address for assets", async () => {
    site("");
    const { exitCode, stdout, stderr } = await bootNginx();
    expect([exitCode === 0, stdout]).toEqual([false, ""]);
    expect(stderr).toMatch(/the site rack has its assets from the boot service/);
    expect(stderr).toMatch(/add it to .*site\.yaml, as assetsUrl: /);
  });

  it.each([
    [["--state", "run"], /--state is no absolute path/],
    [["--service", "http://10.0.0.1:8080/x"], /--service is no address/],
    [["--service", "a:1; return 200"], /--service is no address/],
  ])("%j", async (args, message) => {
    const { exitCode, stdout, stderr } = await bootNginx(...args);
    expect([exitCode, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(message);
    expect(existsSync(join(project, "run"))).toBe(false);
  });
});
