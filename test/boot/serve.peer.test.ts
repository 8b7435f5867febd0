// `landfall boot serve` as the process that systemd starts and stops.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { get } from "node:https";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { clientOf } from "../support/boot-client.ts";
import { issueTls } from "../support/matchbox.ts";
import { freePorts } from "../support/ports.ts";

const program = resolve(import.meta.dirname, "../../modules/cli/landfall.mjs");
let folder: string;
let data: string;
const children = new Set<ChildProcess>();

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "landfall-serve-"));
  data = join(folder, "data");
  issueTls(join(folder, "tls"));
  mkdirSync(join(data, "groups"), { recursive: true });
  writeFileSync(join(data, "groups/g.json"), `{"id":"g","profile":"p","metadata":{"a":"b"}}`);
});
afterEach(() => {
  for (const child of children) child.kill("SIGKILL");
  children.clear();
});
afterAll(() => rmSync(folder, { recursive: true }));

const tls = (file: string) => join(folder, "tls", file);

function serve(flags: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [program, "boot", "serve", ...flags], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: process.env.PATH, HOME: folder, ...env },
  });
  children.add(child);
  const output = Promise.all([text(child.stdout), text(child.stderr)]);
  return {
    child,
    ready: () =>
      new Promise<string>((resolve, reject) => {
        child.stderr.on("data", (chunk) => /landfall boot: ready/.test(chunk) && resolve(String(chunk)));
        child.once("exit", (code) => reject(new Error(`ended with ${code}`)));
      }),
    /** How it ended, and what it said. */
    async ended() {
      const [code] = child.exitCode === null ? await once(child, "exit") : [child.exitCode];
      const [stdout, stderr] = await output;
      return { code, stdout, stderr };
    },
  };
}

const files = () => [`-data-path=${data}`, "-assets-path=", "-page-address="];
const certificates = () => [
  `-ca-file=${tls("ca.crt")}`,
  `-cert-file=${tls("server.crt")}`,
  `-key-file=${tls("server.key")}`,
];

/** Let in by the authority of -ca-file, and satisfied with the certificate of -cert-file. */
function clientAt(port: number) {
  return clientOf({ rpc: `127.0.0.1:${port}`, tls: join(folder, "tls") });
}

it("says where it listens, and ends when it is told to: what was asked is answered, who waits is let go", async () => {
  const [http, rpc] = await freePorts(2);
  const began = performance.now();
  const service = serve([
    `-address=127.0.0.1:${http}`,
    `-rpc-address=127.0.0.1:${rpc}`,
    ...files(),
    ...certificates(),
  ]);
  expect(await service.ready()).toBe(
    `landfall boot: ready, HTTP on 127.0.0.1:${http}, gRPC on 127.0.0.1:${rpc}\n`,
  );
  const seconds = (performance.now() - began) / 1000;
  console.log(`ready after ${seconds.toFixed(2)} s`);
  // On a computer that is busy with other tests.
  expect(seconds).toBeLessThan(10);
  const client = clientAt(rpc!);
  await client.register({ mac: "52:54:00:00:00:01", name: "m1", site: "lab" });
  const watched = client.watch()[Symbol.asyncIterator]();
  await watched.next();
  const waiting = watched.next().catch((error: Error) => error);
  const idle = connect(http!, "127.0.0.1");
  const half = connect(http!, "127.0.0.1");
  await Promise.all([once(idle, "connect"), once(half, "connect")]);
  half.write("GET /metadata HTTP/1.1\r\nHost: x\r\n");
  await new Promise((resolve) => setTimeout(resolve, 100));
  service.child.kill("SIGTERM");
  half.write("\r\n");
  expect(await text(half)).toContain("A=b");
  const stopping = performance.now();
  expect(await service.ended()).toMatchObject({ code: 0 });
  expect((performance.now() - stopping) / 1000).toBeLessThan(4);
  await waiting;
  client.close();
  idle.destroy();
});

it("takes Matchbox's environment, and serves HTTPS", async () => {
  const [port] = await freePorts(1);
  const service = serve(["-web-ssl"], {
    MATCHBOX_ADDRESS: `127.0.0.1:${port}`,
    MATCHBOX_DATA_PATH: data,
    MATCHBOX_ASSETS_PATH: data,
    MATCHBOX_WEB_CERT_FILE: tls("server.crt"),
    MATCHBOX_WEB_KEY_FILE: tls("server.key"),
    LANDFALL_BOOT_PAGE_ADDRESS: "127.0.0.1:0",
  });
  await service.ready();
  const body = await new Promise<string>((resolve, reject) => {
    get(`https://127.0.0.1:${port}/metadata`, { ca: readFileSync(tls("ca.crt")) }, (response) =>
      text(response).then(resolve, reject),
    ).on("error", reject);
  });
  expect(body).toContain("A=b\n");
});

it("takes Matchbox's environment for gRPC and the log, as a unit file of Matchbox's gives it", async () => {
  const [http, rpc] = await freePorts(2);
  const logged = async (level: Record<string, string>) => {
    const service = serve(["-page-address="], {
      MATCHBOX_ADDRESS: `127.0.0.1:${http}`,
      MATCHBOX_RPC_ADDRESS: `127.0.0.1:${rpc}`,
      MATCHBOX_DATA_PATH: data,
      MATCHBOX_ASSETS_PATH: data,
      MATCHBOX_CA_FILE: tls("ca.crt"),
      MATCHBOX_CERT_FILE: tls("server.crt"),
      MATCHBOX_KEY_FILE: tls("server.key"),
      ...level,
    });
    await service.ready();
    const client = clientAt(rpc!);
    await client.register({ mac: "52:54:00:00:00:02", name: "m2", site: "lab" });
    expect(await client.get("52:54:00:00:00:02")).toMatchObject({ name: "m2" });
    client.close();
    expect(await (await fetch(`http://127.0.0.1:${http}/metadata`)).text()).toContain("A=b\n");
    service.child.kill("SIGTERM");
    return (await service.ended()).stdout;
  };
  expect(await logged({})).toContain("/metadata");
  expect(await logged({ MATCHBOX_LOG_LEVEL: "error" })).toBe("");
});

it("tells its version", async () => {
  expect(await serve(["-version"]).ended()).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^landfall \d+\.\d+\.\d+\n$/),
  });
});

it("tells its flags", async () => {
  expect(await serve(["-help"]).ended()).toMatchObject({
    code: 0,
    stdout: expect.stringContaining("MATCHBOX_RPC_ADDRESS"),
  });
});

it.each([
  ["an unknown flag", ["-nonsense"], 2, /unknown flag -nonsense/],
  ["no data folder", ["-data-path=/none"], 2, /-data-path is no folder/],
  ["no assets folder", ["-assets-path=/none"], 2, /-assets-path= serves none/],
  ["no certificate", ["-rpc-address=127.0.0.1:0", "-ca-file=/none"], 2, /-ca-file cannot be read/],
  ["a certificate that is none", ["-rpc-address=127.0.0.1:0", "-cert-file=/dev/null"], 1, /cannot be used/],
  ["an authority that is none", ["-rpc-address=127.0.0.1:0", "-ca-file=/dev/null"], 1, /cannot be used/],
  ["a key of another", ["-rpc-address=127.0.0.1:0", "-key-file=CLIENT"], 1, /cannot be used/],
  ["an address of another", ["-address=192.0.2.1:80"], 1, /cannot listen on 192\.0\.2\.1:80/],
  ["no database", ["-store=postgres"], 2, /LANDFALL_BOOT_DATABASE/],
])("ends at once with %s", async (_, flags, code, message) => {
  const { code: ended, stderr } = await serve([
    ...files(),
    ...certificates(),
    "-address=127.0.0.1:0",
    ...flags.map((flag) => flag.replace("CLIENT", tls("client.key"))),
  ]).ended();
  expect(stderr).toMatch(message);
  expect(ended).toBe(code);
});

it("ends at once where its port is taken", async () => {
  const [port] = await freePorts(1);
  const flags = [...files(), `-address=127.0.0.1:${port}`];
  await serve(flags).ready();
  expect(await serve(flags).ended()).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(`another program listens on 127.0.0.1:${port}`),
  });
});
