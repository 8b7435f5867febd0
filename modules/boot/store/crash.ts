// Kills processes that write to a folder, at random moments, and looks at what is left. For tests alone.
import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openFileStore } from "./file.ts";

export interface CrashResult {
  readonly kills: number;
  /** Writes that were acknowledged, each of which was found again. */
  readonly acknowledged: number;
}

/** As long as a large Ignition config, and such that half of it is noticed. */
export function documentOf(key: string, number: number): Buffer {
  const text = `${key} ${number} `.repeat(2_000 + (number % 5) * 4_000);
  return Buffer.from(`${number} ${createHash("sha256").update(text).digest("hex")} ${text}`);
}

/**
 * Two processes write to one folder; in each round both are killed, the one a moment after the other.
 * @param random from 0 up to 1
 * @throws {Error} when something acknowledged is gone, or something is there in part.
 */
export async function crashRounds(rounds: number, random: () => number): Promise<CrashResult> {
  const folder = mkdtempSync(join(tmpdir(), "landfall-crash-"));
  let acknowledged = 0;
  const numbers = new Map<string, number>();
  try {
    for (let round = 0; round < rounds; round++) {
      const start = round * 10_000;
      const said = await killed(folder, start, random);
      const counted = said.filter(({ what }) => what === "counted");
      acknowledged += said.length;
      for (const { what, key, number } of said)
        if (what !== "counted") numbers.set(key, what === "put" ? number : -number - 1);
      await look(folder, start, numbers, counted);
    }
    return { kills: rounds * 2, acknowledged };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

interface Said {
  readonly what: string;
  readonly key: string;
  readonly number: number;
}

async function killed(folder: string, start: number, random: () => number): Promise<readonly Said[]> {
  const writers = ["one", "two"].map((name) => writer(folder, name, start));
  try {
    await Promise.all(writers.map(({ ready }) => ready));
    await sleep(random() * 300);
    for (const { child } of random() < 0.5 ? writers : [...writers].reverse()) {
      child.kill("SIGKILL");
      // The other one goes on, also where this one held the lock.
      await sleep(random() * 100);
    }
  } finally {
    for (const { child } of writers) child.kill("SIGKILL");
    await Promise.all(writers.map(({ ended }) => ended));
  }
  return writers.flatMap(({ lines }) =>
    lines().map((line) => {
      const [what = "", key = "", number = ""] = line.split(" ");
      return { what, key, number: Number(number) };
    }),
  );
}

function writer(folder: string, name: string, start: number) {
  const program = join(import.meta.dirname, "crash-writer.ts");
  const child: ChildProcess = spawn(process.execPath, [program, folder, name, String(start)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  const lines = () => output.split("\n").slice(1, -1);
  const ended = once(child, "close");
  const ready = new Promise<void>((resolve, reject) => {
    child.once("exit", (code) => reject(new Error(`the writer ended with ${code}`)));
    child.stdout!.on("data", (chunk: Buffer) => {
      output += chunk;
      if (output.includes("ready\n")) resolve();
    });
  });
  return { child, ready, ended, lines };
}

async function look(
  folder: string,
  start: number,
  numbers: ReadonlyMap<string, number>,
  counted: readonly Said[],
): Promise<void> {
  const store = await openFileStore(folder);
  try {
    const found = new Map((await store.list("groups")).map(({ key, bytes }) => [key, Buffer.from(bytes)]));
    for (const [key, bytes] of found) {
      const number = Number(bytes.subarray(0, bytes.indexOf(" ")));
      if (!bytes.equals(documentOf(key, number))) throw new Error(`${key} is there in part`);
      const last = lastOf(numbers.get(key));
      // One write more than was acknowledged may have been done, and no write less.
      if (last !== undefined && (number < last || number > Math.max(last, start - 1) + 1))
        throw new Error(`${key} is number ${number}; ${last} was the last that was acknowledged`);
    }
    for (const [key, number] of numbers)
      if (number >= 0 && !found.has(key) && (number + 1) % 7 !== 6)
        throw new Error(`${key} ${number} is gone`);
    const entry = await store.get("machines", "count");
    const count = Number(entry === undefined ? 0 : Buffer.from(entry.bytes).toString());
    const values = counted.map(({ number }) => number);
    if (new Set(values).size !== values.length) throw new Error("one number was counted twice");
    if (Math.max(0, ...values) > count) throw new Error(`counted to ${Math.max(...values)}, found ${count}`);
  } finally {
    await store.close();
  }
  const left = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".new"),
  );
  if (left.length > 0) throw new Error(`left behind: ${left.join(", ")}`);
}

/** Of the last write or, below zero, deletion. */
function lastOf(number: number | undefined): number | undefined {
  return number === undefined || number >= 0 ? number : -number - 1;
}
