import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { config, configOf, type File, file, render, resource, sizeReport, unit, validate } from "./index.ts";

/** The bytes of a data URL, read by the platform's own parser. */
async function fetched({
  source,
  compression,
}: {
  source?: string | undefined;
  compression?: string | undefined;
}) {
  const bytes = Buffer.from(await (await fetch(source!)).arrayBuffer());
  return compression === "gzip" ? gunzipSync(bytes) : bytes;
}

const anyBytes = fc.oneof(
  fc.uint8Array({ maxLength: 500 }),
  fc.string({ unit: "binary", maxLength: 500 }).map((text) => Buffer.from(text.toWellFormed())),
  fc.string({ minLength: 1, maxLength: 5 }).map((text) => Buffer.from(text.repeat(200))),
);

const anyFile = fc.record(
  {
    path: fc
      .array(fc.stringMatching(/^[a-zé]{1,5}$/), { minLength: 1, maxLength: 4 })
      .map((parts) => `/${parts.join("/")}`),
    contents: anyBytes,
    mode: fc.integer({ min: 0, max: 0o7777 }),
    user: fc.oneof(fc.constant("core"), fc.nat()),
    overwrite: fc.constant(true),
  },
  { requiredKeys: ["path", "contents"] },
);

const anyConfig = fc
  .record({
    files: fc.uniqueArray(anyFile, { selector: ({ path }) => path, maxLength: 4 }),
    names: fc.uniqueArray(fc.stringMatching(/^[a-z]{1,8}$/), { maxLength: 3 }),
    value: fc.stringMatching(/^[ -~]{0,40}$/),
  })
  .map(({ files, names, value }) =>
    config({
      files: files.map(file),
      units: names.map((name) =>
        unit({ name: `${name}.service`, contents: `[Unit]\nDescription=${value}\n` }),
      ),
      groups: names.map((name, i) => ({ name, gid: i })),
    }),
  );

describe("contents", () => {
  it("come out of the data URL as they went in", async () => {
    await fc.assert(
      fc.asyncProperty(
        anyBytes,
        fc.constantFrom("auto", "gzip", "none" as const),
        async (data, compression) => {
          expect(await fetched(resource({ data, compression }))).toEqual(Buffer.from(data));
        },
      ),
    );
  });

  it("are compressed only where that is smaller", () => {
    fc.assert(
      fc.property(anyBytes, (data) => {
        const [auto, gzip, none] = (["auto", "gzip", "none"] as const).map(
          (compression) => JSON.stringify(resource({ data, compression })).length,
        );
        expect(auto).toBe(Math.min(gzip!, none!));
      }),
    );
    expect(resource("a").compression).toBeUndefined();
    expect(resource("a".repeat(1000)).compression).toBe("gzip");
  });

  it("have a gzip header that says neither when nor where it was made", () => {
    const packed = Buffer.from(resource("a".repeat(1000)).source!.split(",")[1]!, "base64");
    expect(packed.subarray(4, 8)).toEqual(Buffer.alloc(4));
    expect(packed[9]).toBe(255);
  });
});

describe("render", () => {
  it("gives what parses back to the same config, and is valid", () => {
    fc.assert(
      fc.property(anyConfig, (whole) => {
        const text = render(whole);
        expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(whole)));
        expect(validate(text)).toEqual({ valid: true, version: "3.4.0", warnings: [] });
      }),
    );
  });

  it("gives the same bytes for keys in any order", () => {
    const backwards = (value: unknown): unknown =>
      Array.isArray(value)
        ? value.map(backwards)
        : value !== null && typeof value === "object"
          ? Object.fromEntries(
              Object.entries(value)
                .reverse()
                .map(([key, item]) => [key, backwards(item)]),
            )
          : value;
    fc.assert(
      fc.property(anyConfig, (whole) => {
        expect(render(backwards(whole) as typeof whole)).toBe(render(whole));
      }),
    );
  });

  it("keeps the order of the spec", () => {
    const whole = config({ units: [{ contents: "", name: "a.service" }], files: [{ mode: 1, path: "/a" }] });
    expect(render(whole)).toBe(
      '{"ignition":{"version":"3.4.0"},"storage":{"files":[{"path":"/a","mode":1}]},"systemd":{"units":[{"name":"a.service","contents":""}]}}',
    );
  });

  it("refuses a key that the version does not have", () => {
    const odd = { path: "/a", owner: "me" } as File;
    expect(() => render(config({ files: [odd] }))).toThrow(
      "$.storage.files.0: unknown key owner; expected one of path,",
    );
    const newer = configOf("3.3.0", [{ luks: [{ name: "a", discard: true }] }]);
    expect(() => render(newer)).toThrow("$.storage.luks.0: unknown key discard");
  });
});

it("sizeReport says what takes the room, to the last byte", () => {
  fc.assert(
    fc.property(anyConfig, (whole) => {
      const { total, items } = sizeReport(whole);
      expect(total).toBe(Buffer.byteLength(render(whole)));
      expect(items.reduce((sum, item) => sum + item.bytes, 0)).toBe(total);
      expect(items.map(({ bytes }) => bytes)).toEqual(items.map(({ bytes }) => bytes).sort((a, b) => b - a));
    }),
  );
  const { items } = sizeReport(
    config({ files: [{ path: "/a", contents: { source: `data:,${"x".repeat(500)}` } }] }),
  );
  expect(items[0]!.name).toBe("file /a");
});
