// For the tests against peers: the real world, and places in it that nobody else uses.
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { answers, type PowerDeps, request, runCommand, sendPacket } from "../index.ts";

/** As the command line hands it to drivers. */
export function realDeps(env: PowerDeps["env"] = {}): PowerDeps {
  return {
    fetch: request,
    env,
    readFile: (path) => readFile(path, "utf8"),
    runCommand,
    sendPacket,
    answers,
    tell: () => {},
    confirmed: undefined,
    clock: {
      now: () => performance.now(),
      sleep: (milliseconds, signal) => setTimeout(milliseconds, undefined, signal && { signal }),
    },
  };
}

export interface Folder {
  readonly path: string;
  readonly remove: () => void;
}

export function temporaryFolder(): Folder {
  const path = mkdtempSync(join(tmpdir(), "landfall-power-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Of 127.0.0.1. */
export async function freeTcpPort(): Promise<number> {
  const server = createServer();
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
