// A real PostgreSQL server of Debian's, in a temporary folder, on a socket there and nowhere else.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chownSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface PostgresServer {
  /** Of its only database, as libpq's URL. */
  readonly connection: string;
  /** A folder that the server may write to, empty; removed with its files. */
  folder(name: string): string;
  /** Resolves once it takes connections. */
  start(): Promise<void>;
  /** `at once` is what a loss of power does: nothing is finished. */
  stop(how?: "orderly" | "at once"): Promise<void>;
  /** @param database default: the one of `connection` */
  psql(sql: string, database?: string): string;
  log(): string;
  /** Stops it and removes its files. */
  remove(): Promise<void>;
}

const versions = "/usr/lib/postgresql";

/** Not started. PostgreSQL does not run as root: then it is Debian's user postgres. */
export function postgresServer(): PostgresServer {
  const [version] = existsSync(versions) ? readdirSync(versions).sort().reverse() : [];
  if (version === undefined) throw new Error(`no ${versions}: the package postgresql is missing`);
  const program = (name: string) => join(versions, version, "bin", name);
  const dir = mkdtempSync(join(tmpdir(), "landfall-pg-"));
  const data = join(dir, "data");
  const who = owner();
  if (who !== undefined) chownSync(dir, who.uid, who.gid);
  const options = { ...who, cwd: dir, env: { LC_ALL: "C.UTF-8", PATH: process.env.PATH ?? "" } };
  execFileSync(program("initdb"), ["-D", data, "-A", "trust", "-U", "landfall", "-E", "UTF8", "--no-sync"], {
    ...options,
    stdio: "ignore",
  });
  let server: ChildProcess | undefined;
  let log = "";

  async function stop(how: "orderly" | "at once" = "orderly"): Promise<void> {
    const stopping = server;
    server = undefined;
    if (stopping === undefined || stopping.exitCode !== null) return;
    const ended = new Promise((resolve) => stopping.once("close", resolve));
    stopping.kill(how === "orderly" ? "SIGINT" : "SIGQUIT");
    await ended;
  }

  const psql = (sql: string, database = "postgres") =>
    execFileSync(program("psql"), ["-h", dir, "-U", "landfall", "-d", database, "-Atc", sql], {
      ...options,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    }).trim();

  return {
    connection: `postgres://landfall@/postgres?host=${encodeURIComponent(dir)}`,
    folder(name) {
      const path = join(dir, name);
      mkdirSync(path);
      if (who !== undefined) chownSync(path, who.uid, who.gid);
      return path;
    },
    async start() {
      const starting = spawn(
        program("postgres"),
        ["-D", data, "-k", dir, "-c", "listen_addresses=", "-c", "max_connections=60"],
        { ...options, stdio: ["ignore", "ignore", "pipe"] },
      );
      starting.stderr.on("data", (chunk: Buffer) => {
        log += chunk;
      });
      server = starting;
      for (
        const until = performance.now() + 60_000;
        ;
        await new Promise((resolve) => setTimeout(resolve, 50))
      ) {
        try {
          psql("select 1");
          return;
        } catch (error) {
          if (starting.exitCode !== null || performance.now() > until)
            throw new Error(`PostgreSQL did not start:\n${log}`, { cause: error });
        }
      }
    },
    stop,
    psql,
    log: () => log,
    async remove() {
      await stop("at once");
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

function owner(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const id = (flag: string) => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));
  const found = { uid: id("-u"), gid: id("-g") };
  // The temporary folder has to let it pass.
  if ((statSync(tmpdir()).mode & 0o001) === 0) throw new Error(`${tmpdir()} cannot be entered by postgres`);
  return found;
}
