// What the service says of itself, for machines to read: a line of JSON each. On a terminal, a line for people.
import pino from "pino";

export type Fields = Readonly<Record<string, unknown>>;

/** What parts of the service are handed. Messages are constant; what varies stands in the fields. */
export interface Logger {
  debug(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  error(message: string, fields?: Fields): void;
  /** The same logger, which adds these fields to each line. */
  with(fields: Fields): Logger;
}

export const logLevels = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
export type LogLevel = (typeof logLevels)[number];

export interface LoggerOptions {
  /** Default: info. */
  readonly level?: LogLevel;
  /** Lines for people instead of JSON. Default: no. */
  readonly pretty?: boolean;
  /** Takes each line, with its line feed. */
  readonly write: (line: string) => void;
  /** Default: the computer's clock. */
  readonly now?: () => Date;
}

export function openLogger({ level = "info", pretty = false, write, now }: LoggerOptions): Logger {
  const clock = now ?? (() => new Date());
  const log = pino(
    {
      level,
      base: null,
      messageKey: "message",
      timestamp: () => `,"time":"${clock().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line: string) => write(pretty ? prettyLine(line) : safeLine(line)) },
  );
  return wrap(log);
}

/** For tests, and for those who are handed none. */
export const silentLogger: Logger = {
  debug: () => {},
  info: () => {},
  warn: () => {},
  error: () => {},
  with: () => silentLogger,
};

function wrap(log: pino.Logger): Logger {
  return {
    debug: (message, fields) => log.debug(clean(fields), message),
    info: (message, fields) => log.info(clean(fields), message),
    warn: (message, fields) => log.warn(clean(fields), message),
    error: (message, fields) => log.error(clean(fields), message),
    with: (fields) => wrap(log.child(clean(fields))),
  };
}

const secretName =
  /pass(word|wd|phrase)?$|secret|token|authori[sz]ation|cookie|credential|private|api-?key|^key$|connection/i;
const longest = 1000;

/** Secrets go by their names, URLs lose their user, texts an end that is too long. Whatever it is given, it returns. */
export function clean(fields: Fields = {}): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, cleanValue(name, value, 0)]),
  );
}

function cleanValue(name: string, value: unknown, depth: number): unknown {
  if (secretName.test(name) && value !== undefined && value !== null) return "[redacted]";
  if (typeof value === "string") return shorten(value.replace(/(\b[a-z][a-z0-9+.-]*:\/\/)[^/\s@]*@/gi, "$1"));
  if (typeof value === "bigint") return String(value);
  if (value instanceof Date || typeof value !== "object" || value === null) return value;
  if (depth === 4) return "[deep]";
  if (value instanceof Error) {
    const { message, stack, code, cause } = value as Error & { code?: unknown };
    const found = { message, code, stack, cause };
    return cleanEntries(Object.entries(found), depth);
  }
  if (Array.isArray(value)) return value.slice(0, 100).map((each) => cleanValue("", each, depth + 1));
  return cleanEntries(Object.entries(value), depth);
}

function cleanEntries(entries: readonly [string, unknown][], depth: number): Record<string, unknown> {
  return Object.fromEntries(
    entries
      .filter(([, value]) => value !== undefined)
      .slice(0, 100)
      .map(([name, value]) => [name, cleanValue(name, value, depth + 1)]),
  );
}

const shorten = (text: string) =>
  text.length > longest ? `${text.slice(0, longest)}... (${text.length} characters)` : text;

/**
 * JSON escapes line feeds and escape characters, but not these, which some terminals and viewers obey too: C1
 * controls, line and paragraph separators, marks that turn the direction of text. In JSON they only stand in strings.
 */
const obeyed = /[\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g;

function safeLine(line: string): string {
  return line.replace(obeyed, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** `12:03:04 warn  the store does not answer  store=postgres`. Made of the escaped line: nothing in it moves a cursor. */
function prettyLine(line: string): string {
  const { time, level, message, ...fields } = JSON.parse(line) as Record<string, unknown>;
  const word = (value: unknown) =>
    typeof value === "string" && /^[\w.:/@-]+$/.test(value) ? value : JSON.stringify(value);
  const rest = Object.entries(fields).map(([name, value]) => `${word(name)}=${word(value)}`);
  const text = [
    String(time).slice(11, 19),
    String(level).padEnd(5),
    JSON.stringify(message).slice(1, -1),
    rest.join(" "),
  ];
  return `${safeLine(text.join(" ").trimEnd())}\n`;
}
