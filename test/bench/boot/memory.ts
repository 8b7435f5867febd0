// How much memory 10,000 machines take that Landfall knows: each has a group, a record and an order, has taken that and told
// how it goes on, and somebody looks at the page.
import { mkdtempSync, rmSync } from "node:fs";
import { Agent, type IncomingMessage, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import PQueue from "p-queue";
import { startLandfallBoot } from "../../support/matchbox.ts";
import { freePorts } from "../../support/ports.ts";
import type { Bench } from "../measure.ts";
import type { BenchOptions } from "../run.ts";
import { orderAll } from "./orders.ts";
import { macOf, writeRack } from "./rack.ts";
import { residentMiB } from "./select.ts";

const machines = 10_000;
/** What a small virtual machine beside a rack has to spare. */
const atMost = 512;

export async function bootMemory({ runs, say }: BenchOptions): Promise<Bench> {
  const memory: number[] = [];
  for (let run = 1; run <= runs; run += 1) {
    memory.push(await once());
    say(`${machines} machines: ${memory.at(-1)!.toFixed(0)} MiB`);
  }
  return {
    name: "boot-memory",
    measures: [
      {
        name: `memory, ${machines} machines with orders, the page open`,
        unit: "MiB",
        values: memory,
        atMost,
      },
    ],
  };
}

async function once(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "landfall-bench-"));
  const agent = new Agent({ keepAlive: true, maxSockets: 20 });
  writeRack(join(folder, "matchbox"), machines);
  const [port] = await freePorts(1);
  const landfall = await startLandfallBoot(folder, [`-page-address=127.0.0.1:${port}`]);
  try {
    const page = `http://127.0.0.1:${port}`;
    const events = await opened(`${page}/events`, new Agent());
    events.resume();
    await orderAll(landfall, machines);
    const queue = new PQueue({ concurrency: 20 });
    await queue.addAll(
      Array.from({ length: machines }, (_, index) => async () => {
        const mac = macOf(index).replaceAll(":", "-");
        const script = await bodyOf(`${landfall.http}/ipxe?mac=${mac}&arch=x86_64`, agent);
        const order = /landfall\.order=(\w+)/.exec(script)?.[1];
        if (order === undefined) throw new Error(`no order for ${mac}: ${script}`);
        const report = `order=${order}&stage=install&percent=40`;
        await bodyOf(`${landfall.http}/report?mac=${mac}`, agent, report);
      }),
    );
    const seen = await bodyOf(page, agent);
    if (!seen.includes(`m${machines - 1}`)) throw new Error("the page does not show the last machine");
    events.destroy();
    return residentMiB(landfall.pid);
  } finally {
    agent.destroy();
    await landfall.stop();
    rmSync(folder, { recursive: true });
  }
}

function opened(url: string, agent: Agent, body?: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request(url, { agent, method: body === undefined ? "GET" : "POST" }, (response) => {
      if (response.statusCode! < 300) resolve(response);
      else reject(new Error(`${url}: ${response.statusCode}`));
    })
      .once("error", reject)
      .end(body);
  });
}

async function bodyOf(url: string, agent: Agent, body?: string): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of await opened(url, agent, body)) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}
