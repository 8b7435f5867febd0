import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { runProcess } from "./run.ts";

test("gives stdout, and each line of both outputs as it comes", async () => {
  const lines: string[] = [];
  const stdout = await runProcess("sh", ["-c", "echo one; echo two >&2; cat"], {
    input: "three\n",
    onLine: (line) => lines.push(line),
  });
  expect(stdout).toBe("one\nthree\n");
  expect(lines.sort()).toEqual(["one", "three", "two"]);
});

test("a program that is not there is named, with how to get it", async () => {
  await expect(runProcess("mmdebstrap-is-not-here", [])).rejects.toMatchObject({ code: "tool-missing" });
});

test("a program ends with whoever ran it, even when that was killed", async () => {
  const own = JSON.stringify(import.meta.resolve("./run.ts"));
  const script = `const { runProcess } = await import(${own});
    await runProcess("sh", ["-c", "echo $$; exec sleep 600"], { onLine: console.log });`;
  const parent = spawn(process.execPath, ["--input-type=module", "--eval", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [line] = await once(parent.stdout, "data");
  parent.kill("SIGKILL");
  await expect.poll(() => alive(Number(line))).toBe(false);
});

test("a program that fails says how", async () => {
  const failing = runProcess("sh", ["-c", "echo no space left >&2; exit 3"]);
  await expect(failing).rejects.toMatchObject({ code: "build-failed" });
  await expect(failing).rejects.toThrow(/exit code 3: no space left/);
});

test("calling it off ends what the program started, too", async () => {
  const abort = new AbortController();
  const lines: string[] = [];
  const running = runProcess("sh", ["-c", "sleep 600 & echo $!; wait"], {
    signal: abort.signal,
    onLine: (line) => {
      lines.push(line);
      abort.abort();
    },
  });
  await expect(running).rejects.toMatchObject({ code: "build-cancelled" });
  await expect.poll(() => alive(Number(lines[0]))).toBe(false);
});

/** A process that nobody has asked for its exit code is dead too. */
function alive(pid: number): boolean {
  try {
    return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
