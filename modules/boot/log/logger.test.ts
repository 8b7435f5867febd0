import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type LoggerOptions, openLogger } from "./logger.ts";

function logged(options: Partial<LoggerOptions> = {}) {
  const lines: string[] = [];
  const logger = openLogger({
    write: (line) => lines.push(line),
    now: () => new Date("2026-03-04T05:06:07.000Z"),
    ...options,
  });
  return { logger, lines };
}

test("a line of JSON each, with level, time and fields", () => {
  const { logger, lines } = logged();
  logger.with({ part: "page" }).warn("the store does not answer", { kind: "machines", tries: 3 });
  logger.debug("not at this level");
  expect(lines).toEqual([
    '{"level":"warn","time":"2026-03-04T05:06:07.000Z","part":"page","kind":"machines","tries":3,"message":"the store does not answer"}\n',
  ]);
});

test("a line for people on a terminal", () => {
  const { logger, lines } = logged({ pretty: true });
  logger.info("request", { method: "GET", target: "/ipxe?mac=52:54", note: "two words" });
  expect(lines).toEqual(['05:06:07 info  request method=GET target="/ipxe?mac=52:54" note="two words"\n']);
});

describe("secrets", () => {
  test("go by their names, however deep", () => {
    const { logger, lines } = logged();
    const secret = "hunter2";
    logger.info("x", {
      password: secret,
      headers: { Authorization: secret, cookie: secret },
      list: [{ apiKey: secret }],
      LANDFALL_BOOT_DATABASE_CONNECTION: secret,
      url: `postgres://landfall:${secret}@db/landfall`,
      error: Object.assign(new Error(`cannot reach https://u:${secret}@bmc/`), { credentials: secret }),
    });
    expect(lines.join("")).not.toContain(secret);
    expect(lines.join("")).toContain("postgres://db/landfall");
  });
});

describe("whatever it is given", () => {
  test.each([false, true])("it writes one line, which obeys nobody (pretty: %s)", (pretty) => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary" }),
        fc.anything({ withBigInt: true, withDate: true }),
        (text, value) => {
          const { logger, lines } = logged({ pretty });
          logger.error("a message", { text, value, [text]: text });
          expect(lines).toHaveLength(1);
          expect(lines[0]).toMatch(/^[^\n]*\n$/);
          expect(lines[0]!.slice(0, -1)).not.toMatch(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u);
          if (!pretty) expect(JSON.parse(lines[0]!)).toMatchObject({ level: "error", message: "a message" });
        },
      ),
      { numRuns: 1000 },
    );
  });

  test("rings end, and long texts are cut", () => {
    const { logger, lines } = logged();
    const ring: Record<string, unknown> = {};
    ring.ring = ring;
    logger.info("x", { ring, long: "y".repeat(100_000) });
    expect(lines[0]!.length).toBeLessThan(2000);
  });
});
