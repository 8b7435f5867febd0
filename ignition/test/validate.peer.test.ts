import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { type Finding, type Verdict, validate, versions } from "../index.ts";
import { typedVersions } from "../schema/types.ts";
import { handWritten } from "./cases.ts";
import { mutate, oddUnit, oddUrl, random } from "./mutate.ts";
import { ignitionModule, ignitionsOwnConfigs, ignitionValidate, type Said } from "./peer.ts";

const mutations = 4_000;
const seed = 3;

let peer: (config: string | Uint8Array) => Promise<Said>;
let own: readonly string[];
let compared = 0;

beforeAll(async () => {
  peer = await ignitionValidate();
  const written = await ignitionsOwnConfigs();
  own = written.flatMap((text) =>
    text.includes("$version") ? versions.map((version) => text.replaceAll("$version", version)) : [text],
  );
}, 600_000);

it("the schemas and the spec's pages are Ignition's", async () => {
  const module = await ignitionModule();
  const here = (name: string) => readFileSync(new URL(`../schema/${name}`, import.meta.url), "utf8");
  for (const version of versions) {
    const [major, minor, , experimental] = version.split(/[.-]/);
    const folder = ["v3", minor, experimental].filter((part) => part !== undefined).join("_");
    expect(here(`${version}.json`)).toBe(
      readFileSync(join(module, "config", folder, "schema/ignition.json"), "utf8"),
    );
    if (typedVersions.some((typed) => typed === version)) {
      expect(here(`${version}.md`)).toBe(
        readFileSync(join(module, `docs/configuration-v${major}_${minor}.md`), "utf8"),
      );
    }
  }
});

describe("agrees with Ignition's own validate", () => {
  it("on the configs written by hand", async () => {
    await compare(handWritten.map(({ text }) => text));
  });

  it("on those in every other version of the spec", async () => {
    const others = versions.filter((version) => version !== "3.4.0");
    await compare(
      handWritten
        .filter(({ text }) => text.includes('"3.4.0"'))
        .flatMap(({ text }) => others.map((version) => text.replaceAll("3.4.0", version))),
    );
  });

  it("on Ignition's own test configs and examples", async () => {
    expect(own.length).toBeGreaterThan(500);
    await compare(own);
  });

  it("on texts that are barely configs", async () => {
    const bom = Buffer.concat([Buffer.from("\ufeff"), Buffer.from('{"ignition":{"version":"3.4.0"}}')]);
    const deep = (depth: number) =>
      `{"ignition":{"version":"3.4.0"},"x":${"[".repeat(depth)}${"]".repeat(depth)}}`;
    await compare(["", " ", "null", "[]", "{}", "1", '"a"', "\0", deep(9_999), deep(10_000), bom]);
    const around = (label: number[]) => {
      const [before, after] = [
        '{"ignition":{"version":"3.4.0"},"storage":{"filesystems":[{"device":"/d","format":"ext4","label":"',
        '"}]}}',
      ];
      return Buffer.concat([Buffer.from(before!), Buffer.from(label), Buffer.from(after!)]);
    };
    // Bytes that are no UTF-8 count as three each: the label may have five.
    await compare([around([0xff, 0xff, 0xff, 0xff, 0xff]), around([0xe2, 0x82, 0xe2, 0x82, 0xc0, 0x80])]);
    for (const version of [
      "",
      "3",
      "3.4",
      "3.4.0.0",
      "3.4.0-",
      "3.4.0+a",
      "03.4.00",
      "3.4.-0",
      "2.3.0",
      "3.6.0",
    ]) {
      await compare([`{"ignition":{"version":"${version}"}}`]);
    }
  });

  it("on units and URLs put together at random", async () => {
    const next = random(seed);
    const many = <T>(length: number, make: (i: number) => T) => Array.from({ length }, (_, i) => make(i));
    const files = () => many(8, (i) => ({ path: `/${i}`, contents: { source: oddUrl(next) } }));
    const units = () => many(2, (i) => ({ name: `${i}.service`, enabled: true, contents: oddUnit(next) }));
    const ignition = (i: number) => ({
      version: versions[i % versions.length],
      proxy: { httpProxy: oddUrl(next) },
    });
    await compare(many(500, (i) => JSON.stringify({ ignition: ignition(i), storage: { files: files() } })));
    await compare(many(500, (i) => JSON.stringify({ ignition: ignition(i), systemd: { units: units() } })));
  });

  it(`on ${mutations} mutations of all of them (seed ${seed})`, async () => {
    const next = random(seed);
    const texts = [...own, ...handWritten.map(({ text }) => text)];
    const mutated = Array.from({ length: mutations }, () => mutate(texts, versions, next));
    const valid = mutated.filter((text) => validate(text).valid).length;
    await compare(mutated);
    console.log(
      `Ignition's validate agreed on ${compared} configs; of the ${mutations} mutations ${valid} are valid`,
    );
  });
});

/** Compares verdicts, and what is found where; stops at the first difference. */
async function compare(configs: readonly (string | Uint8Array)[]): Promise<void> {
  const left = [...configs];
  await Promise.all(
    Array.from({ length: 4 }, async () => {
      for (let config = left.pop(); config !== undefined; config = left.pop()) {
        const said = await peer(config);
        const verdict = validate(config);
        const told = ours(verdict);
        const expected = theirs(said, told);
        // Ignition reads such a number into nothing, but then has lost its places and warnings.
        const lost = Buffer.from(config).includes("1e999");
        if (lost) expect({ config, valid: told.valid }).toEqual({ config, valid: expected.valid });
        else expect({ config, ...told }).toEqual({ config, ...expected });
        compared++;
      }
    }),
  );
}

interface Comparable {
  readonly valid: boolean;
  /** Of a config that could be read: its errors and warnings. */
  readonly findings: readonly string[];
}

function ours(verdict: Verdict): Comparable {
  const errors = verdict.valid ? [] : verdict.errors;
  const lines = [
    ...errors.map((finding) => line("error", finding)),
    ...verdict.warnings.map((finding) => line("warning", finding)),
  ];
  return { valid: verdict.valid, findings: lines.map(comparable).sort() };
}

function line(kind: string, { path, line, column, message }: Finding): string {
  return `${kind} at ${path}, line ${line} col ${column}: ${message}`;
}

/** What cannot be read at all, JSON or version, is told in other words: then the verdict alone is compared. */
function theirs({ valid, text }: Said, expected: Comparable): Comparable {
  const lines = text
    .trimEnd()
    .split(/\n(?=(?:error|warning) at )/)
    .filter((line) => /^(error|warning) at \$/.test(line));
  const unread = !valid && lines.length === 0 && expected.findings.length <= 1;
  // `validate` prints its report as a format: one with a per cent sign in it comes out garbled.
  const garbled = text.includes("%!");
  return { valid, findings: unread || garbled ? expected.findings : lines.map(comparable).sort() };
}

/** Without what is told in other words, or, with several collisions, at random by Go. */
function comparable(line: string): string {
  return line
    .trimEnd()
    .replace(/ at input byte \d+$/, "")
    .replace(
      /partitions\.\d+, line \d+ col \d+: partition numbers collide/,
      "partitions: partition numbers collide",
    )
    .replace(/(found garbage after section name : ).*/s, "$1");
}
