// A real BIND of Debian's for a test, in a temporary folder, on 127.0.0.1 and nowhere else.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface BindServer {
  readonly port: number;
  /** Text of a key that may change the records of its zone, as tsig-keygen prints it. */
  readonly key: string;
  /** One that it knows, and that may change nothing. */
  readonly weakKey: string;
  /** Resolves once it answers. */
  readonly start: () => Promise<void>;
  readonly stop: () => Promise<void>;
  /** As `dig +short` says it, sorted. */
  readonly dig: (name: string, type: "A" | "AAAA") => readonly string[];
  /** Updates by the test's own hand. */
  readonly update: (lines: readonly string[]) => void;
  /** How many updates of others it has taken so far. */
  readonly updates: () => number;
  readonly remove: () => Promise<void>;
}

export const zone = "example.test";

/** Not started. `records` are lines of the zone's file. */
export async function bindServer(records: readonly string[]): Promise<BindServer> {
  const dir = mkdtempSync(join(tmpdir(), "landfall-bind-"));
  const port = await freePort();
  const [key, weakKey] = ["cutover", "weak"].map((name) =>
    execFileSync("tsig-keygen", ["-a", "hmac-sha256", name], { encoding: "utf8" }),
  ) as [string, string];
  const put = (name: string, text: string) => writeFileSync(join(dir, name), text, { mode: 0o600 });
  put("key", key);
  put(
    "zone",
    `$TTL 300\n@ IN SOA ns hostmaster 1 3600 600 86400 60\n@ IN NS ns\nns IN A 127.0.0.1\n${records.join("\n")}\n`,
  );
  put(
    "named.conf",
    `${key}${weakKey}
options {
  directory "${dir}"; pid-file "${dir}/pid"; session-keyfile "${dir}/session.key";
  listen-on port ${port} { 127.0.0.1; }; listen-on-v6 { none; };
  recursion no; dnssec-validation no; allow-query { any; }; allow-transfer { none; };
};
controls { };
logging { channel here { stderr; severity info; }; category default { here; }; };
zone "${zone}" { type primary; file "${dir}/zone"; update-policy { grant cutover zonesub A AAAA; }; };
`,
  );
  let server: ChildProcess | undefined;
  let log = "";
  let own = 0;

  const dig = (name: string, type: string) =>
    execFileSync("dig", ["+short", "+tries=1", "+time=2", "@127.0.0.1", "-p", String(port), name, type], {
      encoding: "utf8",
    })
      .split("\n")
      .filter(Boolean)
      .sort();
  async function stop(): Promise<void> {
    const stopping = server;
    server = undefined;
    if (stopping === undefined || stopping.exitCode !== null) return;
    const ended = once(stopping, "close");
    stopping.kill();
    await ended;
  }
  return {
    port,
    key,
    weakKey,
    async start() {
      const starting = spawn("named", ["-g", "-n", "1", "-c", join(dir, "named.conf")], {
        stdio: ["ignore", "ignore", "pipe"],
      });
      server = starting;
      const running = Promise.withResolvers<void>();
      starting.once("error", running.reject);
      starting.once("close", () => running.reject(new Error(`BIND ended:\n${log}`)));
      let said = "";
      starting.stderr.on("data", (chunk: Buffer) => {
        log += chunk;
        said += chunk;
        if (/^\S+ \S+ (?:\S+: )?.*\brunning$/m.test(said)) running.resolve();
      });
      await running.promise;
    },
    stop,
    dig,
    update(lines) {
      own++;
      execFileSync("nsupdate", ["-v", "-k", join(dir, "key")], {
        input: [`server 127.0.0.1 ${port}`, `zone ${zone}.`, ...lines, "send", ""].join("\n"),
        stdio: ["pipe", "ignore", "inherit"],
      });
    },
    updates: () => {
      const serial = Number(
        execFileSync("dig", ["+short", "@127.0.0.1", "-p", String(port), zone, "SOA"], {
          encoding: "utf8",
        }).split(" ")[2],
      );
      return serial - 1 - own;
    },
    async remove() {
      await stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** Free for both TCP and UDP, as good as certainly. */
async function freePort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
