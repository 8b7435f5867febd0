// A release's image to one machine, to eight and to a herd, beside nginx with the configuration that Landfall makes.
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { nginxConfig } from "../../../modules/boot/index.ts";
import { startLandfallBoot } from "../../support/matchbox.ts";
import { freePorts } from "../../support/ports.ts";
import type { Bench, Measure } from "../measure.ts";
import type { BenchOptions } from "../run.ts";
import { residentMiB } from "./select.ts";
import { wrk } from "./wrk.ts";

/** Of a herd everyone gets the end at the same time: theirs is a smaller image. */
const herds = [
  { clients: 1, MiB: 64 },
  { clients: 8, MiB: 64 },
  { clients: 200, MiB: 8 },
] as const;
const atLeast = 0.5;

export async function bootAssets({ runs, say }: BenchOptions): Promise<Bench> {
  const folder = mkdtempSync(join(tmpdir(), "landfall-bench-"));
  // nginx's workers are another user.
  chmodSync(folder, 0o755);
  const stops: (() => Promise<unknown>)[] = [];
  const found = herds.map(() => ({ ours: [] as number[], theirs: [] as number[], ratio: [] as number[] }));
  const memory: number[] = [];
  try {
    const landfall = await startLandfallBoot(folder);
    stops.push(landfall.stop);
    for (const { MiB } of herds)
      writeFileSync(join(landfall.data, `image-${MiB}`), randomBytes(MiB * 2 ** 20));
    const nginx = await startNginx(landfall.data, join(folder, "nginx"));
    stops.push(nginx.stop);
    for (let run = 1; run <= runs; run += 1) {
      for (const [index, { clients, MiB }] of herds.entries()) {
        const load = (http: string) =>
          wrk({
            url: `${http}/assets/image-${MiB}`,
            connections: clients,
            seconds: clients === 200 ? 12 : 4,
          });
        const ours = await load(landfall.http);
        const theirs = await load(nginx.http);
        const list = found[index]!;
        list.ours.push(ours.bytesPerSecond / 2 ** 20);
        list.theirs.push(theirs.bytesPerSecond / 2 ** 20);
        list.ratio.push(ours.bytesPerSecond / theirs.bytesPerSecond);
        say(
          `${clients} at once: ${list.ours.at(-1)!.toFixed(0)} MiB/s, nginx ${list.theirs.at(-1)!.toFixed(0)} MiB/s`,
        );
      }
      memory.push(residentMiB(landfall.pid));
    }
  } finally {
    for (const stop of stops) await stop();
    rmSync(folder, { recursive: true });
  }
  const measures = herds.flatMap(({ clients }, index): Measure[] => [
    { name: `to ${clients} at once`, unit: "MiB/s", values: found[index]!.ours },
    { name: `nginx, to ${clients} at once`, unit: "MiB/s", values: found[index]!.theirs },
    { name: `ratio, ${clients} at once`, unit: "", values: found[index]!.ratio, atLeast },
  ]);
  return { name: "boot-assets", measures: [...measures, { name: "memory", unit: "MiB", values: memory }] };
}

async function startNginx(assets: string, state: string) {
  mkdirSync(state);
  const [port] = await freePorts(1);
  const config = join(state, "nginx.conf");
  writeFileSync(config, nginxConfig({ listen: `127.0.0.1:${port}`, folder: assets, state }));
  const child: ChildProcess = spawn("nginx", ["-e", "stderr", "-p", state, "-c", config], {
    stdio: "ignore",
  });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const http = `http://127.0.0.1:${port}`;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`nginx ended with ${child.exitCode}`);
    try {
      await (await fetch(http)).body?.cancel();
      break;
    } catch {
      await setTimeout(20);
    }
  }
  return {
    http,
    stop: () => {
      child.kill("SIGTERM");
      return exited;
    },
  };
}
