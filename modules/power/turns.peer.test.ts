// Turns between real processes, and what becomes of one whose process is killed.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { turns } from "./index.ts";
import { temporaryFolder } from "./testing/world.ts";

const folder = temporaryFolder();
const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill("SIGKILL");
  folder.remove();
});

test("of many machines, in this process and in others, no more come on at once than the breakers bear", async () => {
  const site = `turns-${process.pid}-a`;
  const log = join(folder.path, "log");
  writeFileSync(log, "");
  const own = `import { appendFileSync } from "node:fs";
    import { setTimeout } from "node:timers/promises";
    import { turns } from ${JSON.stringify(join(import.meta.dirname, "turns.ts"))};
    const take = turns(${JSON.stringify(site)}, { atOnce: 3, stagger: 0 });
    const say = (word) => appendFileSync(${JSON.stringify(log)}, word + "\\n");
    await Promise.all([1, 2, 3, 4].map(() => take(async () => { say("+"); await setTimeout(100); say("-"); })));`;
  const started = Array.from({ length: 3 }, () => node(own));
  const codes = await Promise.all(started.map(async (child) => (await once(child, "exit"))[0]));
  expect(codes).toEqual([0, 0, 0]);
  const words = readFileSync(log, "utf8").trim().split("\n");
  let on = 0;
  const most = Math.max(...words.map((word) => (on += word === "+" ? 1 : -1)));
  expect(words).toHaveLength(24);
  expect(most).toBe(3);
});

test("a turn is free again when its process is killed", async () => {
  const site = `turns-${process.pid}-b`;
  const child = node(`import { turns } from ${JSON.stringify(join(import.meta.dirname, "turns.ts"))};
    turns(${JSON.stringify(site)}, { atOnce: 1, stagger: 0 })(() => { console.log("mine"); return new Promise(() => {}); });
    setInterval(() => {}, 1000);`);
  await once(child.stdout!, "data");
  const mine = turns(site, { atOnce: 1, stagger: 0 })(async () => "on", undefined);
  expect(await Promise.race([mine, setTimeout(300, "waits")])).toBe("waits");
  child.kill("SIGKILL");
  expect(await mine).toBe("on");
});

test("the next machine waits for the stagger, and who gives up waiting leaves the line", async () => {
  const take = turns(`turns-${process.pid}-c`, { atOnce: 1, stagger: 1 });
  const times: number[] = [];
  const on = async () => {
    times.push(performance.now());
  };
  const stop = new AbortController();
  const first = take(on, undefined);
  const never = take(on, stop.signal);
  const gaveUp = expect(never).rejects.toThrow("enough");
  await setTimeout(100);
  stop.abort(new Error("enough"));
  await gaveUp;
  await Promise.all([first, take(on, undefined)]);
  expect(times).toHaveLength(2);
  expect(times[1]! - times[0]!).toBeGreaterThan(990);
});

test("a machine that does not come on gives its turn to the next, and goes on trying", async () => {
  const take = turns(`turns-${process.pid}-d`, { atOnce: 1, stagger: 0 }, 0.5);
  let comeOn = (_: string) => {};
  const dead = take(
    () =>
      new Promise<string>((resolve) => {
        comeOn = resolve;
      }),
    undefined,
  );
  expect(await take(async () => "next", undefined)).toBe("next");
  comeOn("late");
  expect(await dead).toBe("late");
});

function node(program: string): ChildProcess {
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  return child;
}
