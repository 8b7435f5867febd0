import { describe, expect, it } from "vitest";
import { failureOf, lastHeard, stageOf } from "./console.ts";

const failed = "landfall: stage firmware\nlandfall: stage boot\nlandfall: failed: no disk\nhalted\n";

describe("a machine's console", () => {
  it("tells the last stage, and nothing of what only looks like one", () => {
    expect(stageOf(`${failed}echo landfall: stage ready\r\n`)).toBe("boot");
    expect(stageOf("landfall: stage system\r\nlandfall: stage etcd\r\n")).toBe("etcd");
    expect(stageOf(undefined)).toBeUndefined();
  });

  it("tells why the last boot failed, and forgets it at the next", () => {
    expect(failureOf(failed)).toBe("no disk");
    expect(failureOf(`${failed}landfall: stage firmware\n`)).toBeUndefined();
    expect(failureOf(undefined)).toBeUndefined();
  });

  it("tells in a line what was last heard", () => {
    expect(lastHeard("on", failed)).toBe("power on; last stage boot; last line on its console: halted");
    const painted = "[\u001b[0;32m  OK  \u001b[0m] Started keepalived.\r\r\n\u001b[2K\r\n";
    expect(lastHeard("on", painted)).toMatch(/console: \[ {2}OK {2}\] Started keepalived\.$/);
    expect(lastHeard("off", undefined)).toBe("power off; its BMC shows no console");
    expect(lastHeard("on", "")).toBe("power on; last stage none; last line on its console: none");
  });
});
