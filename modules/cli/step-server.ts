// Steps run inside the deploy that waits for them: a deploy of five machines saves a dozen processes that each load the
// same code, which is seconds of CPU on a small computer. What Terraform starts is then only step-client.mjs; started by
// anything else, the same command does the work itself.
import { rmSync } from "node:fs";
import { createServer, type Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Step } from "./steps/names.ts";
import { runDir, type Workspace } from "./workspace.ts";

/** As the client sends it, in one line of JSON. */
export interface StepRequest {
  readonly step: Step;
  readonly cluster: string;
  readonly machine?: string;
  readonly resource?: string;
}

/** What the server answers: lines of JSON, the last one with the exit code. */
export type StepReply = { readonly line: string } | { readonly exit: number };

/** Runs one step to its end; resolves to the exit code. */
export type ServeStep = (
  request: StepRequest,
  print: (line: string) => void,
  signal: AbortSignal,
) => Promise<number>;

export interface StepServer {
  /** For the steps' environment (LANDFALL_STEPS), or undefined where a socket cannot be had. */
  readonly socket: string | undefined;
  readonly close: () => void;
}

/** Longest path that a socket's address holds. */
const longestPath = 100;

/** A step whose client is gone is aborted: Terraform was interrupted, or has died. */
export async function serveSteps(
  workspace: Workspace,
  cluster: string,
  serve: ServeStep,
): Promise<StepServer> {
  const socket = join(runDir(workspace, cluster), "steps.sock");
  if (Buffer.byteLength(socket) > longestPath) return { socket: undefined, close: () => {} };
  rmSync(socket, { force: true });
  const server = createServer((client) => void answer(client, serve));
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(socket, resolve));
  return {
    socket,
    close: () => {
      server.close();
      rmSync(socket, { force: true });
    },
  };
}

async function answer(client: Socket, serve: ServeStep): Promise<void> {
  const gone = new AbortController();
  client.on("error", () => {}).on("close", () => gone.abort());
  const say = (reply: StepReply) => client.writable && client.write(`${JSON.stringify(reply)}\n`);
  for await (const line of createInterface({ input: client })) {
    const exit = await serve(JSON.parse(line) as StepRequest, (text) => say({ line: text }), gone.signal);
    say({ exit });
    client.end();
    return;
  }
}
