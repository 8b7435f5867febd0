import { type Shape, shapeOf } from "./shape.ts";
import type { AnyConfig } from "./types.ts";

/**
 * The bytes of a config: JSON without spaces, keys in the order of the spec whatever order they were given in, what is
 * undefined left out. The same config gives the same bytes.
 *
 * @throws Error on a key that the spec does not have: Ignition itself would only warn, and ignore what it says.
 */
export function render(config: AnyConfig): string {
  return JSON.stringify(ordered(config, shapeOf(config.ignition.version), "$"));
}

function ordered(value: unknown, shape: Shape, path: string): unknown {
  if (value === undefined || value === null) return undefined;
  if (shape.kind === "list") {
    return (value as readonly unknown[]).map((item, i) => ordered(item, shape.of, `${path}.${i}`));
  }
  if (shape.kind !== "object") return value;
  const given = value as Readonly<Record<string, unknown>>;
  const unknown = Object.keys(given).find((key) => !Object.hasOwn(shape.fields, key));
  if (unknown !== undefined) {
    throw new Error(
      `${path}: unknown key ${unknown}; expected one of ${Object.keys(shape.fields).join(", ")}`,
    );
  }
  return Object.fromEntries(
    Object.entries(shape.fields).map(([key, field]) => [key, ordered(given[key], field, `${path}.${key}`)]),
  );
}
