// A real OpenSSH server on a loopback port, with the receiver as the delivery key's forced command.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import net, { type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type MachineRoot, receiver } from "./example-root.ts";

export interface Sshd {
  readonly port: number;
  /** SHA256:... */
  readonly hostKey: string;
  /** OpenSSH private key that it accepts. */
  readonly privateKey: string;
  /** Resolves once it takes connections. */
  start(): Promise<void>;
  stop(): Promise<void>;
  log(): string;
  /** Stops it and removes its files. */
  remove(): Promise<void>;
}

/** Not started. Needs root, as sshd does to log root in. */
export async function sshdOf(machine: MachineRoot): Promise<Sshd> {
  const dir = mkdtempSync(join(tmpdir(), "landfall-sshd-"));
  const path = (name: string) => join(dir, name);
  const port = await freePort();
  for (const name of ["host", "client"])
    execFileSync("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", path(name)]);
  const environment = Object.entries(machine.env).map(([name, value]) => `${name}=${value}`);
  const forced = `env ${environment.join(" ")} sh ${receiver}`;
  writeFileSync(path("keys"), `restrict,command="${forced}" ${readFileSync(path("client.pub"), "utf8")}`);
  writeFileSync(
    path("config"),
    [
      `ListenAddress 127.0.0.1:${port}`,
      `HostKey ${path("host")}`,
      `AuthorizedKeysFile ${path("keys")}`,
      "PidFile none",
      "PermitRootLogin prohibit-password",
      "PasswordAuthentication no",
      "UsePAM no",
      "StrictModes no",
      "LogLevel VERBOSE",
    ].join("\n"),
  );
  mkdirSync("/run/sshd", { recursive: true });
  const shown = execFileSync("ssh-keygen", ["-l", "-E", "sha256", "-f", path("host.pub")], {
    encoding: "utf8",
  });
  let daemon: ChildProcess | undefined;
  const stop = async () => {
    const stopping = daemon;
    daemon = undefined;
    if (stopping === undefined || stopping.exitCode !== null) return;
    const ended = new Promise((resolve) => stopping.once("close", resolve));
    stopping.kill();
    await ended;
  };
  return {
    port,
    hostKey: shown.split(" ")[1] as string,
    privateKey: readFileSync(path("client"), "utf8"),
    async start() {
      const started = spawn("/usr/sbin/sshd", ["-D", "-f", path("config"), "-E", path("log")], {
        stdio: "ignore",
      });
      daemon = started;
      const ended = new Promise<never>((_, reject) => {
        started.once("error", reject);
        started.once("close", (status) => reject(new Error(`sshd ended with ${status}`)));
      });
      ended.catch(() => {});
      while (daemon === started && !(await Promise.race([answers(port), ended])));
    },
    stop,
    log: () => readFileSync(path("log"), "utf8"),
    async remove() {
      await stop();
      rmSync(dir, { recursive: true });
    },
  };
}

export interface Proxy {
  readonly url: string;
  /** HOST:PORT of each CONNECT. */
  readonly asked: string[];
  close(): Promise<void>;
}

/** An HTTP CONNECT proxy that asks for `account` (user:password). */
export async function connectProxy(account: string): Promise<Proxy> {
  const asked: string[] = [];
  const server = createServer();
  server.on("connect", (request, socket) => {
    socket.on("error", () => {});
    if (request.headers["proxy-authorization"] !== `Basic ${btoa(account)}`) {
      socket.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
      return;
    }
    asked.push(request.url ?? "");
    const { hostname, port } = new URL(`tcp://${request.url}`);
    const upstream = net.connect(Number(port), hostname);
    upstream.once("connect", () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      upstream.pipe(socket).pipe(upstream);
    });
    upstream.once("error", () => socket.end("HTTP/1.1 502 Bad Gateway\r\n\r\n"));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${account}@127.0.0.1:${port}`,
    asked,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect(port, "127.0.0.1");
    socket.once("error", () => resolve(false));
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
  });
}

export async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
