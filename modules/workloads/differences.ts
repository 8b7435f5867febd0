// What of an object differs between the clusters after it was copied, and who made it so. Values are not told: they
// may be secret.
import { cleaned } from "./clean.ts";
import { type Fields, fieldsOf, isFields, type KubeObject, type ManagedFields, omit } from "./objects.ts";
import { fieldManager } from "./write.ts";

export interface Difference {
  /** As `spec.ports[0].nodePort`. */
  readonly path: string;
  readonly in: "both" | "blue" | "green";
  readonly why: string;
}

type Path = readonly (string | number)[];

/** `blue`: as it was there. `manifest`: what green was given of it. `green`: what it has. */
export function differences(blue: KubeObject, manifest: KubeObject, green: KubeObject): Difference[] {
  const [ours, theirs] = [comparable(blue), comparable(green)];
  return compare(ours, theirs, []).map((found) => ({
    path: pathText(found.path),
    in: found.in,
    why: whyDiffers(found.path, found.in, { manifest: comparable(manifest), theirs, green }),
  }));
}

/** Paths at which `green` is not what the manifest says. */
export function overwritten(manifest: KubeObject, green: KubeObject): Difference[] {
  const live = comparable(green);
  return compare(comparable(manifest), live, [])
    .filter((found) => found.in !== "green")
    .map((found) => ({
      path: pathText(found.path),
      in: found.in,
      why: managers(found.path, green).join(", ") || "was not there",
    }));
}

/** Owners have other uids in each cluster. */
function comparable(object: KubeObject): Fields {
  return omit(cleaned(object), ["apiVersion"]);
}

function compare(blue: unknown, green: unknown, path: Path): { path: Path; in: Difference["in"] }[] {
  if (Array.isArray(blue) && Array.isArray(green)) {
    const length = Math.max(blue.length, green.length);
    return Array.from({ length }, (_, index) => compare(blue[index], green[index], [...path, index])).flat();
  }
  if (isFields(blue) && isFields(green)) {
    const keys = [...new Set([...Object.keys(blue), ...Object.keys(green)])].sort();
    return keys.flatMap((key) => compare(blue[key], green[key], [...path, key]));
  }
  if (blue === green || (isEmpty(blue) && isEmpty(green))) return [];
  if (blue === undefined) return [{ path, in: "green" }];
  return [{ path, in: green === undefined ? "blue" : "both" }];
}

/** An empty map or list is the same as none. */
function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null) return true;
  return Array.isArray(value) ? value.length === 0 : isFields(value) && Object.keys(value).length === 0;
}

function whyDiffers(
  path: Path,
  where: Difference["in"],
  { manifest, theirs, green }: { manifest: Fields; theirs: Fields; green: KubeObject },
): string {
  const given = lookup(manifest, path);
  if (path.at(-1) === "nodePort" || path.at(-1) === "healthCheckNodePort")
    return "its port is taken in green, or none of green's";
  const has = JSON.stringify(lookup(theirs, path));
  if (given !== undefined && JSON.stringify(given) === has) return "copied so: green's own, see the report";
  if (given === undefined && where === "blue") return "left to green";
  const who = managers(path, green);
  if (who.length > 0) return `set in green by ${who.join(", ")}`;
  return where === "green" ? "green's default" : "changed by green";
}

function lookup(value: unknown, path: Path): unknown {
  return path.reduce<unknown>(
    (inner, key) => (Array.isArray(inner) ? inner[Number(key)] : fieldsOf(inner)[key]),
    value,
  );
}

/** Who owns the field, besides us. */
function managers(path: Path, { metadata }: KubeObject): string[] {
  const names = (metadata.managedFields ?? [])
    .filter(({ manager }) => manager !== fieldManager)
    .filter(({ fieldsV1 }: ManagedFields) => owns(fieldsV1, path))
    .map(({ manager = "somebody" }) => manager);
  return [...new Set(names)];
}

/** Lists are owned by keys of their items, which a path does not have: any item will do. */
function owns(fields: unknown, path: Path): boolean {
  const [first, ...rest] = path;
  if (!isFields(fields)) return false;
  if (first === undefined) return true;
  // Owned as a whole.
  if (Object.keys(fields).length === 0) return true;
  if (typeof first === "number") {
    return Object.entries(fields).some(([key, inner]) => /^[kvi]:/.test(key) && owns(inner, rest));
  }
  return `f:${first}` in fields && owns(fields[`f:${first}`], rest);
}

function pathText(path: Path): string {
  return path.reduce<string>((text, key) => {
    if (typeof key === "number") return `${text}[${key}]`;
    return text === "" ? key : `${text}.${key}`;
  }, "");
}
