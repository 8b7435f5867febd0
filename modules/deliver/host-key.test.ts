import { describe, expect, test } from "vitest";
import { acceptHostKey, type HostKeyPolicy, hostKeyFingerprint, hostKeyOnConsole } from "./host-key.ts";

const own = `SHA256:${"a".repeat(43)}`;
const other = `SHA256:${"b".repeat(43)}`;

describe("on the console", () => {
  test.each([
    ["a BMC without one", undefined, "no-console"],
    ["nothing printed", "", "not-yet"],
    ["another line", "landfall: stage boot\r\n", "not-yet"],
    ["a line that is still being printed", `landfall: ssh-host-key ${own.slice(0, 30)}`, "not-yet"],
    ["a fingerprint that is too long", `landfall: ssh-host-key ${own}A\n`, "not-yet"],
    ["the key", `[  1.0] x\r\nlandfall: ssh-host-key ${own}\r\nlandfall: stage system\r\n`, own],
    [
      "the key of the boot before, too",
      `landfall: ssh-host-key ${other}\nlandfall: ssh-host-key ${own}\n`,
      own,
    ],
  ])("%s", (_, console, expected) => {
    expect(hostKeyOnConsole(console)).toBe(expected);
  });
});

test("a fingerprint is written as ssh-keygen writes it", () => {
  // From `ssh-keygen -lf` of the same public key.
  const blob = "AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl";
  expect(hostKeyFingerprint(Buffer.from(blob, "base64"))).toBe(
    "SHA256:+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU",
  );
});

describe("a machine's key", () => {
  function policy(more: Partial<HostKeyPolicy>): HostKeyPolicy & { pins: string[] } {
    const pins: string[] = [];
    return {
      machine: "m1",
      pinned: undefined,
      expectHostKey: async () => expect.unreachable(),
      pin: async (key) => {
        pins.push(key);
      },
      pins,
      ...more,
    };
  }

  test("is accepted where it is the pinned one, without asking the console", async () => {
    const pinned = policy({ pinned: own });
    await acceptHostKey(own, pinned);
    expect(pinned.pins).toEqual([]);
  });

  test("is refused where it is not the pinned one, whatever the console says", async () => {
    const changed = policy({ pinned: own, expectHostKey: async () => other });
    await expect(acceptHostKey(other, changed)).rejects.toMatchObject({ code: "host-key-changed" });
  });

  test("is pinned where the console shows it", async () => {
    const shown = policy({ expectHostKey: async () => own });
    await acceptHostKey(own, shown);
    expect(shown.pins).toEqual([own]);
  });

  test("is refused, and not pinned, where the console shows another", async () => {
    const wrong = policy({ expectHostKey: async () => other });
    await expect(acceptHostKey(own, wrong)).rejects.toMatchObject({
      code: "host-key-wrong",
      details: { found: `SSH host key ${own}`, expected: expect.stringContaining(other) },
    });
    expect(wrong.pins).toEqual([]);
  });

  test("is waited for where the console has not shown it yet, and not trusted before", async () => {
    const early = policy({ expectHostKey: async () => "not-yet" });
    await expect(acceptHostKey(own, early)).rejects.toThrow("has not shown its SSH host key yet");
    expect(early.pins).toEqual([]);
  });

  test("is trusted at first use where there is no console", async () => {
    const first = policy({ expectHostKey: async () => "no-console" });
    await acceptHostKey(own, first);
    expect(first.pins).toEqual([own]);
  });

  test("is not accepted if it could not be pinned", async () => {
    const full = policy({
      expectHostKey: async () => own,
      pin: async () => {
        throw new Error("ENOSPC");
      },
    });
    await expect(acceptHostKey(own, full)).rejects.toThrow("ENOSPC");
  });
});
