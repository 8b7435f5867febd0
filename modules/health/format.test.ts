import { describe, expect, it } from "vitest";
import { formatResults, healthReport } from "./format.ts";

const results = [
  { name: "api", describe: "the endpoint answers", ok: true, evidence: "https://10.0.0.1:6443 is ready" },
  {
    name: "nodes-ready",
    describe: "every machine is Ready",
    ok: false,
    evidence: "w1: not registered",
    silent: ["w1"],
  },
];

describe("formatResults", () => {
  it("gives a line each, aligned, and what was expected of those that fail", () => {
    expect(formatResults(results)).toBe(
      [
        "✔ api          https://10.0.0.1:6443 is ready",
        "✖ nodes-ready  w1: not registered",
        "               expected: every machine is Ready",
      ].join("\n"),
    );
  });

  it("hands no control character of somebody's answer to a terminal", () => {
    const hostile = { name: "dns", describe: "", ok: true, evidence: "a\r\nb\u001b[2Jc\u202ed" };
    expect(formatResults([hostile])).toBe("✔ dns  a b [2Jc d");
  });
});

describe("healthReport", () => {
  it("is healthy only if something was checked and all of it holds", () => {
    expect(healthReport("lab-v1", results)).toEqual({
      cluster: "lab-v1",
      healthy: false,
      conditions: [
        {
          name: "api",
          ok: true,
          describe: "the endpoint answers",
          evidence: "https://10.0.0.1:6443 is ready",
        },
        {
          name: "nodes-ready",
          ok: false,
          describe: "every machine is Ready",
          evidence: "w1: not registered",
        },
      ],
    });
    expect(healthReport("lab-v1", results.slice(0, 1)).healthy).toBe(true);
    expect(healthReport("lab-v1", []).healthy).toBe(false);
  });
});
