import { type ObjectShape, shapeOf, type Version, versions } from "../shape.ts";
import { DecodeError, decode, type Path, type Struct } from "./decode.ts";
import { decodeUtf8, type Json, JsonError, parseJson, position } from "./json.ts";
import { type Entry, type Finding, Report } from "./report.ts";
import { check, visit } from "./rules.ts";
import { readVersion } from "./semver.ts";

export type { Finding };

/** What `validate` says of a text. */
export type Verdict =
  | { readonly valid: true; readonly version: Version; readonly warnings: readonly Finding[] }
  | {
      readonly valid: false;
      /** The first error in one line, and how many more there are. */
      readonly reason: string;
      readonly errors: readonly Finding[];
      readonly warnings: readonly Finding[];
    };

/**
 * Whether Ignition 2.21 takes a text as its config: the verdict of its own `validate`, with the same messages, for
 * every version of the spec that it reads (3.0.0 to 3.5.0, and 3.6.0-experimental).
 */
export function validate(config: string | Uint8Array): Verdict {
  const text = typeof config === "string" ? config.toWellFormed() : decodeUtf8(config);
  if (text === "") return invalid("not a config (empty)");
  let json: Json;
  try {
    json = parseJson(text);
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    return rejected(text, [{ path: [], message: error.message, at: error.at }], []);
  }
  try {
    return judge(text, json);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
    return rejected(text, [located(json, error)], []);
  }
}

/** Only what tells the version, which is read before anything else. */
const stub: ObjectShape = {
  kind: "object",
  name: "config",
  nullable: false,
  fields: {
    ignition: {
      kind: "object",
      name: "ignition",
      nullable: false,
      fields: { version: { kind: "string", nullable: false } },
    },
  },
};

function judge(text: string, json: Json): Verdict {
  const { ignition } = decode(json, stub);
  const written = ((ignition as Struct).version as string | undefined) ?? "";
  const read = readVersion(written);
  if (read === undefined) return invalid("invalid config version (couldn't parse)");
  const version = versions.find((known) => known === read);
  if (version === undefined) return invalid("unsupported config version");

  const shape = shapeOf(version);
  const value = decode(json, shape);
  const report = new Report();
  check(value, shape, report, versions.indexOf(version));
  const errors = report.errors.map((entry) => located(json, entry));
  const warnings = report.warnings.map((entry) => located(json, entry));
  visit(value, shape, [], (_, object, at) => {
    warnings.push(...unusedKeys(json, object, at));
  });
  if (errors.length > 0) return rejected(text, errors, warnings);
  return { valid: true, version, warnings: warnings.map((entry) => finding(text, entry)) };
}

function unusedKeys(json: Json, shape: ObjectShape, at: Path): readonly Located[] {
  const found = at.reduce<Json | undefined>(child, json);
  if (found === undefined) return [];
  if (found.kind !== "object") {
    const path = ["$", ...at].join(".");
    const message = `context tree does not match content tree at ${path}. Line and column reporting may be inconsistent. Unused keys may not be reported.`;
    return [{ path: at, message, at: found.at }];
  }
  const lastOfEach = new Map(found.entries.map((entry) => [entry.key, entry.at]));
  return [...lastOfEach]
    .filter(([key]) => !Object.hasOwn(shape.fields, key))
    .map(([key, keyAt]) => ({ path: [...at, key], message: `Unused key ${key}`, at: keyAt }));
}

interface Located extends Entry {
  readonly at: number;
}

/** The entry with the offset of the deepest value that is there on the way to it. */
function located(json: Json, { path, message }: Entry): Located {
  let deepest = json;
  for (const step of path) {
    const next = child(deepest, step);
    if (next === undefined) break;
    deepest = next;
  }
  return { path, message, at: deepest.at };
}

function child(json: Json | undefined, step: string | number): Json | undefined {
  if (json?.kind === "array" && typeof step === "number") return json.items[step];
  if (json?.kind !== "object") return undefined;
  return json.entries.findLast((entry) => entry.key === step)?.value;
}

function finding(text: string, { path, message, at }: Located): Finding {
  return { path: ["$", ...path].join("."), message, ...position(text, at) };
}

function rejected(text: string, errors: readonly Located[], warnings: readonly Located[]): Verdict {
  const all = errors.map((entry) => finding(text, entry));
  const { path, line, column, message } = all[0]!;
  const more = all.length > 1 ? ` (and ${all.length - 1} more)` : "";
  const reason = `at ${path}, line ${line} col ${column}: ${message}${more}`;
  return { valid: false, reason, errors: all, warnings: warnings.map((entry) => finding(text, entry)) };
}

function invalid(reason: string): Verdict {
  return { valid: false, reason, errors: [], warnings: [] };
}
