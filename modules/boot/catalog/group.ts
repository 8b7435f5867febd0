import { LandfallError } from "../../spec/error.ts";
import { type Json, type JsonObject, parseJson, writeJson } from "../go/json.ts";
import { parseMac } from "../go/mac.ts";
import type { Selectable } from "../selection/index.ts";
import { fieldsOf, objectField, stringField, stringMapField } from "./fields.ts";

/** A group as Matchbox reads its file. */
export interface Group extends Selectable {
  readonly id: string;
  readonly name: string;
  readonly profile: string;
  readonly selector: ReadonlyMap<string, string>;
  readonly metadata: JsonObject | undefined;
}

const names = ["id", "name", "profile", "selector", "metadata"];

/** @throws {LandfallError} `json-broken`, `document-broken`: such a group selects nothing. */
export function parseGroup(key: string, bytes: Uint8Array): Group {
  const fields = fieldsOf(parseJson(bytes), "RichGroup", names);
  return {
    key,
    id: stringField(fields, "id"),
    name: stringField(fields, "name"),
    profile: stringField(fields, "profile"),
    selector: normalised(stringMapField(fields, "selector")),
    metadata: objectField(fields, "metadata", "map[string]interface {}"),
  };
}

/** The file, as Matchbox writes it. */
export function writeGroup(group: Omit<Group, "key">): string {
  const { id, name, profile, selector, metadata } = group;
  return writeJson(
    compact({ id, name, profile, selector: Object.fromEntries(selector), metadata: metadata ?? {} }),
    "\t",
    (path) => path.length > 0,
  );
}

/** Without what is empty, which Matchbox leaves out. */
function compact(fields: Record<string, Json>): JsonObject {
  return Object.fromEntries(
    Object.entries(fields).filter(
      ([, value]) =>
        value !== "" && !(typeof value === "object" && value !== null && Object.keys(value).length === 0),
    ),
  );
}

function normalised(selector: ReadonlyMap<string, string>): Map<string, string> {
  return new Map(
    [...selector].map(([key, value]) => {
      if (key.toLowerCase() !== "mac") return [key, value];
      const mac = parseMac(value);
      if (mac !== undefined) return [key, mac];
      throw new LandfallError("document-broken", `address ${value}: invalid MAC address`);
    }),
  );
}
