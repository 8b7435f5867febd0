/** The part of JSON schema (draft 4) that Ignition's schemas use. */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly allOf?: readonly Schema[];
  readonly required?: readonly string[];
  readonly definitions?: Readonly<Record<string, Schema>>;
}

/** What a `$ref` such as `#/definitions/storage/definitions/file` points at. */
export function follow(root: Schema, ref: string): Schema {
  const steps = ref.split("/").slice(1);
  let found: unknown = root;
  for (const step of steps) found = (found as Record<string, unknown> | undefined)?.[step];
  if (found === undefined) throw new Error(`no ${ref} in the schema`);
  return found as Schema;
}

/** The one JSON type of a schema, `null` aside. */
export function typeOf(schema: Schema): string {
  const types = [schema.type ?? "object"].flat().filter((type) => type !== "null");
  if (types.length !== 1) throw new Error(`expected one type, found ${types.join(", ")}`);
  return types[0]!;
}
