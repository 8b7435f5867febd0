// A document against its zod schema: every issue in the file's own terms, and what is left that rules can read.
import { z } from "zod";
import type { Diagnostic } from "./diagnostic.ts";
import type { Path, SourceDocument } from "./document.ts";
import { didYouMean } from "./suggest.ts";

/** A value of which any part may be missing, because it was missing or wrong in the file. */
export type Partially<T> = T extends readonly (infer Item)[]
  ? readonly (Partially<Item> | undefined)[]
  : T extends object
    ? { readonly [K in keyof T]?: Partially<T[K]> | undefined }
    : T;

export interface Shaped<T> {
  /** The whole, when nothing is wrong with its shape. */
  readonly value: T | undefined;
  /** What has the right shape; lists keep their indexes. */
  readonly partial: Partially<T>;
  readonly diagnostics: readonly Diagnostic[];
}

export function checkShape<T>(schema: z.ZodType<T>, source: SourceDocument): Shaped<T> {
  const result = schema.safeParse(source.value);
  if (result.success) return { value: result.data, partial: result.data as Partially<T>, diagnostics: [] };
  const diagnostics = result.error.issues.flatMap((issue) => explain(issue, schema, source));
  const partial = withoutIssues(source.value, result.error.issues) as Partially<T>;
  return { value: undefined, partial, diagnostics };
}

/** `machines[2].bmc.url` */
export function pathText(path: Path): string {
  return path.reduce<string>(
    (text, key) => (typeof key === "number" ? `${text}[${key}]` : text === "" ? key : `${text}.${key}`),
    "",
  );
}

/** A value as a person sees it in the file: quoted text, or what kind of thing it is. */
export function show(value: unknown): string {
  if (typeof value === "string")
    return JSON.stringify(value.length > 80 ? `${value.slice(0, 77)}...` : value);
  if (value === null || value === undefined) return "nothing";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  return typeof value === "object" ? "a map" : `the ${typeof value} ${String(value)}`;
}

function explain(issue: z.core.$ZodIssue, schema: z.ZodType, source: SourceDocument): Diagnostic[] {
  const path = issue.path.map((key) => (typeof key === "symbol" ? String(key) : key));
  const at = (where: Path, message: string, part?: "key" | "value"): Diagnostic => ({
    file: source.file,
    ...source.locate(where, part),
    message,
  });
  const of = (text: string) => (path.length === 0 ? text : `${pathText(path)}: ${text}`);

  if (issue.code === "unrecognized_keys") {
    const known = Object.keys(objectAt(schema, path, source.value)?.shape ?? {});
    return issue.keys.map((key) => {
      const hint = didYouMean(key, known);
      const expected = `expected ${known.length === 1 ? "" : "one of "}${known.join(", ")}`;
      return at(
        [...path, key],
        of(`found the unknown key ${JSON.stringify(key)}, ${expected}${hint}`),
        "key",
      );
    });
  }
  const found = valueAt(source.value, path);
  if (found === undefined && path.length > 0) {
    const key = String(path.at(-1));
    const parent = path.slice(0, -1);
    const where = parent.length === 0 ? "" : `${pathText(parent)}: `;
    return [at(path, `${where}found no key ${JSON.stringify(key)}, expected it: ${expectation(issue)}`)];
  }
  const values = choices(issue);
  if (values !== undefined) {
    const hint = typeof found === "string" ? didYouMean(found, values) : "";
    return [at(path, of(`found ${show(found)}, expected ${expectation(issue)}${hint}`))];
  }
  return [
    at(
      path,
      of(
        `found ${show(found)}, expected ${expectation(issue)}${found === null ? "" : quoting(issue, source)}`,
      ),
    ),
  ];
}

/** 1.30 and true are no text to YAML: how to write what was meant. */
function quoting(issue: z.core.$ZodIssue, source: SourceDocument): string {
  if (issue.code !== "invalid_type" || expectation(issue) !== kinds.string) return "";
  const written = source.written(issue.path as Path);
  return written === undefined || written === "" ? "" : `: write ${JSON.stringify(written)}, with the quotes`;
}

const kinds: Readonly<Record<string, string>> = {
  string: "text",
  array: "a list",
  object: "a map",
  record: "a map",
  boolean: "true or false",
  int: "a whole number",
  number: "a number",
};

/** The values of which it must be one. */
function choices(issue: z.core.$ZodIssue): readonly string[] | undefined {
  if (issue.code === "invalid_value") return issue.values.map(String);
  // Which of several kinds of map it is, told by one key's value.
  return issue.code === "invalid_union" && "options" in issue ? issue.options?.map(String) : undefined;
}

function expectation(issue: z.core.$ZodIssue): string {
  const values = choices(issue);
  if (values !== undefined) return `${values.length === 1 ? "" : "one of "}${values.join(", ")}`;
  switch (issue.code) {
    case "invalid_type":
      if (!issue.message.startsWith("Invalid input")) return issue.message;
      return kinds[issue.expected] ?? issue.expected;
    case "too_small":
      if (!issue.message.startsWith("Too small")) return issue.message;
      return issue.origin === "number" || issue.origin === "int"
        ? `a number of at least ${issue.minimum}`
        : `at least ${issue.minimum} ${issue.origin === "string" ? "character" : "item"}`;
    case "too_big":
      return `a number of at most ${issue.maximum}`;
    default:
      // Formats and unions bring their own words from schema.ts.
      return issue.message;
  }
}

function objectAt(schema: z.ZodType, path: Path, value: unknown): z.ZodObject | undefined {
  let here: unknown = schema;
  for (const [depth, key] of path.entries()) {
    here = bare(here, valueAt(value, path.slice(0, depth)));
    if (here instanceof z.ZodObject) here = here.shape[String(key)];
    else if (here instanceof z.ZodArray) here = here.element;
    else if (here instanceof z.ZodRecord) here = here.valueType;
    else return undefined;
  }
  here = bare(here, valueAt(value, path));
  return here instanceof z.ZodObject ? here : undefined;
}

/** Of several kinds of map, the one that `value` is. */
function bare(schema: unknown, value: unknown): unknown {
  if (schema instanceof z.ZodOptional) return bare(schema.unwrap(), value);
  if (!(schema instanceof z.ZodDiscriminatedUnion)) return schema;
  const { discriminator } = schema.def;
  const kind = valueAt(value, [discriminator]);
  return schema.options.find(
    (option) =>
      option instanceof z.ZodObject &&
      option.shape[discriminator] instanceof z.ZodLiteral &&
      option.shape[discriminator].value === kind,
  );
}

function valueAt(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (here, key) =>
      typeof here === "object" && here !== null && Object.hasOwn(here, key)
        ? (here as Record<string | number, unknown>)[key]
        : undefined,
    value,
  );
}

function withoutIssues(value: unknown, issues: readonly z.core.$ZodIssue[]): unknown {
  // Only an object can be read with anything missing; a root of another kind leaves nothing.
  if (typeof value !== "object" || value === null || Array.isArray(value)) return {};
  const copy: unknown = structuredClone(value);
  for (const issue of issues) {
    const keys =
      issue.code === "unrecognized_keys" ? issue.keys.map((k) => [...issue.path, k]) : [issue.path];
    for (const path of keys) {
      const holder = valueAt(copy, path.slice(0, -1) as Path);
      const key = path.at(-1);
      if (key !== undefined && typeof holder === "object" && holder !== null) {
        (holder as Record<PropertyKey, unknown>)[key] = undefined;
      }
    }
  }
  return copy;
}
