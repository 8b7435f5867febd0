// YAML text with every value's position kept.
import {
  type Document,
  isAlias,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
  type YAMLError,
} from "yaml";
import type { Diagnostic } from "./diagnostic.ts";

/** Keys and indexes from the root of a document. */
export type Path = readonly (string | number)[];

export interface Place {
  readonly line: number;
  readonly column: number;
}

export interface SourceDocument {
  readonly file: string;
  /** The plain value, or undefined when the text is no YAML that can be read on. */
  readonly value: unknown;
  readonly diagnostics: readonly Diagnostic[];
  /** Where the value (or the key that leads to it) is; of something missing, where its map is. */
  locate(path: Path, part?: "key" | "value"): Place;
  /** A scalar as it was written, as `1.30`, which as a number would be 1.3. */
  written(path: Path): string | undefined;
}

/** Aliases may stand for this many nodes in all: one a machine of a large site, and a bomb of aliases ends here. */
const maxAliasCount = 100_000;

export function parseSource(file: string, text: string): SourceDocument {
  const lines = new LineCounter();
  const place = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(1, line), column: Math.max(1, col) };
  };
  const nothing = { line: 1, column: 1 };
  const unreadable = (diagnostics: readonly Diagnostic[]): SourceDocument => ({
    file,
    value: undefined,
    diagnostics,
    locate: () => nothing,
    written: () => undefined,
  });

  try {
    const document = parseDocument(text, {
      lineCounter: lines,
      prettyErrors: false,
      strict: true,
      version: "1.2",
    });
    // One mistake may make the parser stumble again and again at the same place.
    const wrong = [...document.errors, ...document.warnings].filter(
      ({ pos }, i, all) => all.findIndex((other) => other.pos[0] === pos[0]) === i,
    );
    const diagnostics = wrong.map((e) => ({ file, ...place(e.pos[0]), message: explain(e, text) }));
    // With a key given twice the rest is still worth checking; after any other error it would only be noise.
    if (wrong.some((e) => e.code !== "DUPLICATE_KEY")) return unreadable(diagnostics);
    const value = plainValue(document);
    if (!value.ok) {
      const message = unreadableText(value.why);
      return unreadable([...diagnostics, { file, ...place(value.offset), message }]);
    }
    return {
      file,
      value: value.value,
      diagnostics,
      locate: (path, part = "value") => {
        const step = walk(document, path);
        const offset = offsetOf(step, part);
        return offset === undefined ? nothing : place(offset);
      },
      written: (path) => {
        const { node, missing } = walk(document, path);
        return !missing && isScalar(node) ? node.source : undefined;
      },
    };
  } catch (error) {
    // Nesting by the thousand ends the stack.
    if (!(error instanceof RangeError)) throw error;
    return unreadable([{ file, ...nothing, message: unreadableText("it is nested too deeply") }]);
  }
}

type PlainValue =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly why: string; readonly offset: number };

function plainValue(document: Document.Parsed): PlainValue {
  try {
    return { ok: true, value: document.toJS({ maxAliasCount }) };
  } catch (error) {
    // How yaml says that an alias stands for nothing, or all of them for too much.
    if (!(error instanceof ReferenceError)) throw error;
    return { ok: false, why: error.message, offset: suspectAlias(document) };
  }
}

/** Offset of the first alias without an anchor before it, or else of the last alias. */
function suspectAlias(document: Document.Parsed): number {
  const anchors = new Set<string>();
  let offset = 0;
  visit(document, {
    Value: (_, node) => {
      if (node.anchor !== undefined) anchors.add(node.anchor);
    },
    Alias: (_, node) => {
      offset = node.range?.[0] ?? 0;
      return anchors.has(node.source) ? undefined : visit.BREAK;
    },
  });
  return offset;
}

interface Step {
  readonly node: Node | null;
  readonly pair: Pair | undefined;
  readonly missing: boolean;
}

/** The node at the path, or the last one on the way to it. */
function walk(document: Document.Parsed, path: Path): Step {
  let step: Step = { node: document.contents, pair: undefined, missing: false };
  for (const key of path) {
    const holder = isAlias(step.node) ? (step.node.resolve(document) ?? null) : step.node;
    const next = isMap(holder)
      ? holder.items.find((pair) => keyText(pair.key) === String(key))
      : isSeq(holder)
        ? holder.items[Number(key)]
        : undefined;
    if (isPair(next)) step = { node: isNode(next.value) ? next.value : null, pair: next, missing: false };
    else if (isNode(next)) step = { node: next, pair: undefined, missing: false };
    else return { ...step, node: holder, missing: true };
  }
  return step;
}

function offsetOf({ node, pair, missing }: Step, part: "key" | "value"): number | undefined {
  const key = pair !== undefined && isNode(pair.key) ? pair.key.range?.[0] : undefined;
  if (part === "key" && !missing) return key ?? node?.range?.[0];
  // `mac:` with nothing after it has a value of no length, past the line's end: the key says more.
  const empty = node?.range == null || node.range[0] === node.range[1];
  return empty ? (key ?? node?.range?.[0]) : node.range?.[0];
}

function keyText(key: unknown): string | undefined {
  return isScalar(key) ? String(key.value) : undefined;
}

function explain(error: YAMLError, text: string): string {
  if (error.code === "DUPLICATE_KEY") {
    const key = /^[^\s:]+/.exec(text.slice(error.pos[0]))?.[0] ?? "";
    return `found the key ${JSON.stringify(key)} twice in one map, expected it once`;
  }
  return unreadableText(error.message);
}

function unreadableText(why: string): string {
  return `found YAML that cannot be read: ${why}`;
}
