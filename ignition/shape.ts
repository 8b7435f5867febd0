import v300 from "./schema/3.0.0.json" with { type: "json" };
import v310 from "./schema/3.1.0.json" with { type: "json" };
import v320 from "./schema/3.2.0.json" with { type: "json" };
import v330 from "./schema/3.3.0.json" with { type: "json" };
import v340 from "./schema/3.4.0.json" with { type: "json" };
import v350 from "./schema/3.5.0.json" with { type: "json" };
import v360 from "./schema/3.6.0-experimental.json" with { type: "json" };
import { follow, type Schema, typeOf } from "./schema/schema.ts";

/** What a value of a config may be: the schema with its references followed. */
export type Shape =
  | {
      readonly kind: "string" | "integer" | "boolean";
      /** May be absent (a pointer in Ignition's own types), where another is then empty or 0. */
      readonly nullable: boolean;
    }
  | { readonly kind: "list"; readonly of: Shape }
  | ObjectShape;

export interface ObjectShape {
  readonly kind: "object";
  /** The schema's name for it: `file`, `resource`... An object written in place is named after its key. */
  readonly name: string;
  /** May be absent as a whole, where another is then one with nothing in it. */
  readonly nullable: boolean;
  /** In the order of the schema. */
  readonly fields: Readonly<Record<string, Shape>>;
}

/** Every version of the spec that Ignition 2.21 reads, oldest first. */
export const versions = ["3.0.0", "3.1.0", "3.2.0", "3.3.0", "3.4.0", "3.5.0", "3.6.0-experimental"] as const;

export type Version = (typeof versions)[number];

const schemas: Readonly<Record<Version, Schema>> = {
  "3.0.0": v300,
  "3.1.0": v310,
  "3.2.0": v320,
  "3.3.0": v330,
  "3.4.0": v340,
  "3.5.0": v350,
  "3.6.0-experimental": v360,
};

/** The shape of a whole config of this version. */
export function shapeOf(version: Version): ObjectShape {
  const root = schemas[version];
  return shape(root, "config") as ObjectShape;

  function shape(schema: Schema, name: string): Shape {
    if (schema.$ref !== undefined) return shape(follow(root, schema.$ref), schema.$ref.split("/").at(-1)!);
    const kind = typeOf(schema);
    if (kind === "array") return { kind: "list", of: shape(schema.items!, name) };
    const nullable = schema.type?.includes("null") ?? false;
    if (kind !== "object") return { kind: kind as "string" | "integer" | "boolean", nullable };
    const fields: Record<string, Shape> = {};
    for (const part of schema.allOf ?? [schema]) {
      const whole = part.$ref === undefined ? part : follow(root, part.$ref);
      for (const [key, value] of Object.entries(whole.properties ?? {})) fields[key] = shape(value, key);
    }
    return { kind: "object", name, nullable, fields };
  }
}
