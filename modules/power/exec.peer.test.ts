// Real processes: a machine that is a folder, and shell commands that switch it.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll } from "vitest";
import type { ExecPlan } from "../plan/index.ts";
import { openPower } from "./index.ts";
import { powerContract } from "./power.contract.ts";
import { realDeps, temporaryFolder } from "./testing/world.ts";

const folder = temporaryFolder();
let count = 0;
afterAll(() => folder.remove());

powerContract("exec with a shell", { networkBoot: "once", console: true }, (console) => {
  const own = join(folder.path, `m${count++}`);
  mkdirSync(own);
  const put = (name: string, text: string) => writeFileSync(join(own, name), text);
  const get = (name: string) => readFileSync(join(own, name), "utf8").trim();
  put("power", "off\n");
  put("boot", "disk\n");
  put("starts", "");
  put("console", console ?? "");
  const sh = (script: string) => ({ argv: ["sh", "-c", script], folder: own });
  const bmc: ExecPlan = {
    driver: "exec",
    machine: { name: "m1", mac: "52:54:00:77:00:11", address: "127.0.0.1" },
    state: sh("cat power"),
    on: sh("cat boot >>starts; echo disk >boot; echo on >power"),
    off: sh("echo off >power"),
    networkBoot: sh("echo network >boot"),
    nextBoot: sh("cat boot"),
    console: console === undefined ? undefined : sh("cat console"),
  };
  const starts = () => get("starts").split("\n").filter(Boolean);
  return {
    power: openPower(bmc, realDeps()),
    machine: {
      get on() {
        return get("power") === "on";
      },
      get networkOnce() {
        return get("boot") === "network";
      },
      get starts() {
        return starts().length;
      },
      get networkStarts() {
        return starts().filter((from) => from === "network").length;
      },
      get console() {
        return readFileSync(join(own, "console"), "utf8");
      },
      set console(text: string) {
        put("console", text);
      },
    },
  };
});
