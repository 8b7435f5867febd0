import { describe, expect, test } from "vitest";
import { filesFingerprint } from "../pki/index.ts";
import { LandfallError } from "../spec/index.ts";
import { exampleFiles } from "./example-files.ts";
import { deliver, release, status, type Target } from "./index.ts";
import type { CommandResult, Session } from "./session.ts";

const files = exampleFiles("first");
const fingerprint = filesFingerprint(files);
const ok = (output: string): CommandResult => ({ status: 0, output: `${output}\n`, errors: "" });

type Answers = Record<string, (input?: Buffer) => CommandResult | Error>;

/** A machine that answers as told at each attempt to reach it; the last answer is for all attempts after it. */
function machine(attempts: readonly (Error | Answers)[], more: Partial<Target> = {}) {
  let now = 0;
  const ran: string[] = [];
  const heard: string[] = [];
  let closed = 0;
  let opened = 0;
  const target: Target = {
    machine: "m1",
    host: "10.0.0.1",
    port: 22,
    proxy: undefined,
    privateKey: "",
    pinned: undefined,
    expectHostKey: async () => "no-console",
    pin: async () => {},
    timeoutSeconds: 30,
    lastHeard: async () => "landfall: stage boot",
    onProgress: (progress) => heard.push(progress),
    signal: undefined,
    clock: {
      now: () => now,
      sleep: async (milliseconds) => {
        now += milliseconds;
      },
    },
    async open(): Promise<Session> {
      const attempt = attempts[Math.min(opened++, attempts.length - 1)];
      if (attempt === undefined || attempt instanceof Error) throw attempt ?? new Error("no attempt planned");
      return {
        async run(command, input) {
          ran.push(command);
          const said = attempt[command]?.(input) ?? new Error(`no answer planned to ${command}`);
          if (said instanceof Error) throw said;
          return said;
        },
        close: () => {
          closed += 1;
        },
      };
    },
    ...more,
  };
  return { target, ran, heard, seconds: () => now / 1000, opened: () => opened, closed: () => closed };
}

const away = new Error("connect EHOSTUNREACH");
const ready: Answers = {
  fingerprint: () => ok("none"),
  deliver: () => ok(`a word from tar\nlandfall: delivered ${fingerprint}`),
};

describe("delivering", () => {
  test("sends the files once to a machine that has none", async () => {
    const m1 = machine([ready]);
    expect(await deliver(m1.target, files)).toEqual({ changed: true });
    expect(m1.ran).toEqual(["fingerprint", "deliver"]);
    expect(m1.closed()).toBe(1);
  });

  test("does nothing where they are", async () => {
    const m1 = machine([{ fingerprint: () => ok(fingerprint) }]);
    expect(await deliver(m1.target, files)).toEqual({ changed: false });
    expect(m1.ran).toEqual(["fingerprint"]);
  });

  test("sends bytes that depend on the files alone", async () => {
    const sent: Buffer[] = [];
    const keeping = {
      ...ready,
      deliver: (input?: Buffer) => {
        sent.push(input as Buffer);
        return ok(`landfall: delivered ${fingerprint}`);
      },
    };
    await deliver(machine([keeping]).target, files);
    await deliver(machine([keeping]).target, files);
    expect(sent[0]).toEqual(sent[1]);
  });

  test("waits for a machine that is not there yet, and says why once", async () => {
    const m1 = machine([away, away, away, new Error("connect ECONNREFUSED"), ready]);
    await deliver(m1.target, files);
    expect(m1.heard).toEqual([
      "waiting: connect EHOSTUNREACH",
      "waiting: connect ECONNREFUSED",
      "delivering",
    ]);
    expect(m1.seconds()).toBe(1);
  });

  test("starts over where the connection breaks, and finds what had arrived", async () => {
    const breaking = { ...ready, deliver: () => new Error("the connection broke during deliver") };
    const m1 = machine([breaking, { fingerprint: () => ok(fingerprint) }]);
    expect(await deliver(m1.target, files)).toEqual({ changed: false });
    expect(m1.closed()).toBe(2);
  });

  test("is not fooled by a receiver that confirms something else", async () => {
    const other = { ...ready, deliver: () => ok(`landfall: delivered ${"0".repeat(64)}`) };
    await expect(deliver(machine([other]).target, files)).rejects.toMatchObject({ code: "delivery-refused" });
  });

  test("refuses files from elsewhere before it connects", async () => {
    const m1 = machine([ready]);
    const stray = [{ path: "/etc/passwd", mode: 0o600, contents: Buffer.alloc(0) }];
    await expect(deliver(m1.target, stray)).rejects.toThrow("no path of a delivery: /etc/passwd");
    expect(m1.opened()).toBe(0);
  });
});

describe("giving up", () => {
  test("on a machine that stays silent names it, how long, why, and what was last heard", async () => {
    const m1 = machine([away], { proxy: "http://user:hunter2@bastion:3128" });
    const error: LandfallError = await deliver(m1.target, files).then(
      () => expect.unreachable(),
      (thrown) => thrown,
    );
    expect(error).toMatchObject({
      code: "machine-silent",
      message: "m1 has been silent for 30 s: connect EHOSTUNREACH",
      details: {
        found: "last heard of it: landfall: stage boot",
        expected: "SSH at 10.0.0.1 port 22 through bastion:3128",
      },
    });
    expect(JSON.stringify(error)).not.toContain("hunter2");
    expect(m1.seconds()).toBeGreaterThan(29);
    expect(m1.seconds()).toBeLessThanOrEqual(30);
  });

  test("says so too where nothing was heard either", async () => {
    const lastHeard = async () => {
      throw new Error("the BMC is dead");
    };
    await expect(deliver(machine([away], { lastHeard }).target, files)).rejects.toMatchObject({
      code: "machine-silent",
      details: { found: expect.stringContaining("the BMC is dead") },
    });
  });

  test("on a refusal comes once it has stood for ten seconds, not before", async () => {
    const refusal = new LandfallError("host-key-wrong", "it is another");
    const m1 = machine([away, refusal]);
    await expect(deliver(m1.target, files)).rejects.toBe(refusal);
    expect(m1.seconds()).toBeGreaterThanOrEqual(10);
    expect(m1.seconds()).toBeLessThan(11);

    const passing = machine([refusal, refusal, refusal, away, refusal, ready]);
    expect(await deliver(passing.target, files)).toEqual({ changed: true });
  });

  test("on a receiver that fails shows its words", async () => {
    const full = {
      ...ready,
      deliver: () => ({ status: 2, output: "", errors: "tar: No space left on device\n" }),
    };
    await expect(deliver(machine([full]).target, files)).rejects.toMatchObject({
      code: "delivery-refused",
      message: "m1 refused to deliver",
      details: { found: "tar: No space left on device" },
    });
  });

  test("comes at once when the caller aborts", async () => {
    const stop = new AbortController();
    const onProgress = () => stop.abort(new Error("enough"));
    const m1 = machine([away], { signal: stop.signal, onProgress });
    await expect(deliver(m1.target, files)).rejects.toThrow("enough");
    expect(m1.opened()).toBe(1);
  });
});

test("a key that was pinned is the one expected at every later attempt", async () => {
  const pinned: (string | undefined)[] = [];
  let attempts = 0;
  const { target } = machine([]);
  const open: Target["open"] = async (options) => {
    pinned.push(options.pinned);
    await options.pin("SHA256:mine");
    if (attempts++ === 0) throw away;
    return { run: async () => ok(fingerprint), close: () => {} };
  };
  await deliver({ ...target, open }, files);
  expect(pinned).toEqual([undefined, "SHA256:mine"]);
});

test("release is done when the machine confirms it", async () => {
  const m1 = machine([away, { release: () => ok("landfall: released") }]);
  await release(m1.target);
  expect(m1.ran).toEqual(["release"]);
  const odd = machine([{ release: () => ok("eh?") }]);
  await expect(release(odd.target)).rejects.toMatchObject({ code: "delivery-refused" });
});

test("status is what the machine says of itself", async () => {
  const m1 = machine([{ status: () => ok("delivered none\nuptime 12") }]);
  expect(await status(m1.target)).toBe("delivered none\nuptime 12\n");
});
