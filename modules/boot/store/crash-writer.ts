// Run as a process of its own by crash.ts, which kills it: writes, and says of each write when it was acknowledged.
import { writeSync } from "node:fs";
import { argv } from "node:process";
import { documentOf } from "./crash.ts";
import { openFileStore } from "./file.ts";

const [folder = "", name = "", startText = "0"] = argv.slice(2);
const store = await openFileStore(folder);
// Not console.log, which may keep lines back: what was said must have been said when the process is killed.
const say = (line: string) => writeSync(1, `${line}\n`);

async function documents(key: string): Promise<never> {
  for (let number = Number(startText); ; number++) {
    if (number % 7 === 6) {
      await store.delete("groups", key);
      say(`deleted ${key} ${number}`);
    } else {
      await store.put("groups", key, documentOf(key, number));
      say(`put ${key} ${number}`);
    }
  }
}

/** With whoever else counts, in this process and in others. */
async function count(): Promise<never> {
  for (;;) {
    const entry = await store.get("machines", "count");
    const next = Number(entry === undefined ? 0 : Buffer.from(entry.bytes).toString()) + 1;
    const done = await store.put("machines", "count", Buffer.from(String(next)), entry?.version ?? "absent");
    if (done !== "conflict") say(`counted count ${next}`);
  }
}

say("ready");
await Promise.all([documents(`${name}-a`), documents(`${name}-b`), count(), count()]);
