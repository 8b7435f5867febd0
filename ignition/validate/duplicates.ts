import type { ObjectShape, Shape } from "../shape.ts";
import type { Path, Struct, Value } from "./decode.ts";
import type { Report } from "./report.ts";

/** Lists in which the same thing may be twice, by the object that has them. */
const mayRepeat: Readonly<Record<string, readonly string[]>> = {
  file: ["append"],
  filesystem: ["options", "mountOptions"],
  luks: ["options"],
  raid: ["options"],
};

/** Lists that count as one. */
const together: Readonly<Record<string, string>> = {
  directories: "nodes",
  files: "nodes",
  links: "nodes",
  shouldExist: "arguments",
  shouldNotExist: "arguments",
};

/** What makes an item of a list itself, by the schema's name of the item; the others go by their name. */
const keys: Readonly<Record<string, (item: Struct) => Value>> = {
  file: (item) => item.path,
  directory: (item) => item.path,
  link: (item) => item.path,
  disk: (item) => item.device,
  filesystem: (item) => item.device,
  tang: (item) => item.url,
  resource: (item) => item.source,
  "file-contents": (item) => item.source,
  "config-reference": (item) => item.source,
  "ca-reference": (item) => item.source,
  partition: ({ number, label }) =>
    number ? `number:${number}` : label === undefined ? undefined : `label:${label as string}`,
};

/** Reports what an object's lists have twice. Ignition does not look at partitions etc. by their other fields. */
export function duplicates(value: Struct, shape: ObjectShape, at: Path, report: Report): void {
  const seen = new Map<string, Set<Value>>();
  // In Ignition's order, which decides which of two is the second.
  for (const key of Object.keys(shape.fields).sort()) {
    const field = shape.fields[key]!;
    const list = value[key] as readonly Value[] | undefined;
    if (field.kind !== "list" || list === undefined || mayRepeat[shape.name]?.includes(key)) continue;
    const name = together[key] ?? key;
    const before = seen.get(name) ?? new Set<Value>();
    seen.set(name, before);
    list.forEach((item, i) => {
      const id = identity(item, field.of);
      if (before.has(id)) report.error([...at, key, i], "duplicate entry defined");
      before.add(id);
    });
  }
}

function identity(item: Value, shape: Shape): Value {
  if (shape.kind !== "object") return item ?? "";
  const key = Object.hasOwn(keys, shape.name) ? keys[shape.name]! : (one: Struct) => one.name;
  return key(item as Struct) ?? "";
}
