import { type ObjectShape, type Shape, shapeOf, type Version, versions } from "./shape.ts";
import { decode, type Struct, type Value } from "./validate/decode.ts";
import { validate } from "./validate/index.ts";
import { decodeUtf8, parseJson } from "./validate/json.ts";

/**
 * A config of spec 3.0.0 to 3.4.0 as programs hand it on that hold Ignition's Go types, Matchbox among them: read by
 * its `config/v3_4`, which brings it to 3.4.0, and written by Go's encoding/json. Undefined for what is no valid config
 * of these versions.
 */
export function translate(config: string | Uint8Array): string | undefined {
  const verdict = validate(config);
  if (!verdict.valid || versions.indexOf(verdict.version) > versions.indexOf("3.4.0")) return undefined;
  const json = parseJson(typeof config === "string" ? config.toWellFormed() : decodeUtf8(config));
  const old = shapeOf(verdict.version);
  const value = decode(json, old);
  return writeObject(value, shapeOf("3.4.0"), old, verdict.version);
}

/** @param old the shape that the value was read into; undefined where its version has no such thing */
function write(value: Value, shape: Shape, old: Shape | undefined, version: Version): string | undefined {
  if (shape.kind === "object")
    return writeObject(value as Struct | undefined, shape, old as ObjectShape | undefined, version);
  if (shape.kind === "list") {
    const items = (value ?? []) as readonly Value[];
    const oldOf = old?.kind === "list" ? old.of : undefined;
    const written = items.map((item) => write(item, shape.of, oldOf, version) ?? '""');
    return written.length === 0 ? undefined : `[${written.join(",")}]`;
  }
  if (typeof value === "string") return quote(value);
  if (value !== undefined) return String(value);
  // What must be there is empty; so is what an older version held as a string that must be there.
  const required = !shape.nullable || (old !== undefined && "nullable" in old && !old.nullable);
  return shape.kind === "string" && required ? '""' : undefined;
}

function writeObject(
  value: Struct | undefined,
  shape: ObjectShape,
  old: ObjectShape | undefined,
  version: Version,
): string {
  const fields = inOrder(shape).map((key) => {
    const before = value === undefined ? undefined : old?.fields[key];
    const written = write(fieldOf(value, shape, key, version), shape.fields[key]!, before, version);
    return written === undefined || isLeftOut(shape, key, written) ? undefined : `${quote(key)}:${written}`;
  });
  return `{${fields.filter((field) => field !== undefined).join(",")}}`;
}

function fieldOf(value: Struct | undefined, shape: ObjectShape, key: string, version: Version): Value {
  const field = value?.[key];
  if (version === "3.4.0") return field;
  if (shape.name === "ignition" && key === "version") return "3.4.0";
  // Ignition never set the special bits for these versions.
  if (key === "mode" && typeof field === "bigint") return field & ~0o7000n;
  return field;
}

/** Of what is no pointer in Ignition's types, these two alone are left out when empty. */
function isLeftOut(shape: ObjectShape, key: string, written: string): boolean {
  return (
    (shape.name === "tang" && key === "url" && written === '""') || (key === "number" && written === "0")
  );
}

/** As the fields stand in Ignition's Go types: by their Go names, and what files share with links first. */
function inOrder({ fields }: ObjectShape): readonly string[] {
  const keys = Object.keys(fields).sort((a, b) => (goName(a) < goName(b) ? -1 : 1));
  if (!keys.includes("overwrite")) return keys;
  const node = ["group", "overwrite", "path", "user"];
  return [...node, ...keys.filter((key) => !node.includes(key))];
}

function goName(key: string): string {
  return key === "sshAuthorizedKeys" ? "SSHAuthorizedKeys" : key[0]!.toUpperCase() + key.slice(1);
}

/** As Go's encoding/json: characters that HTML or JavaScript could stumble on are escaped. */
function quote(text: string): string {
  return JSON.stringify(text).replaceAll(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
