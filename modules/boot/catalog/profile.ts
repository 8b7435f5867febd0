import { type Json, type JsonObject, parseJson, writeJson } from "../go/json.ts";
import { fieldsOf, objectField, stringField, stringsField } from "./fields.ts";

/** A profile as Matchbox reads its file. */
export interface Profile {
  readonly id: string;
  readonly name: string;
  /** Name of an Ignition config. */
  readonly ignitionId: string;
  readonly cloudId: string;
  /** Without it, nothing boots from this profile. */
  readonly boot: NetBoot | undefined;
  /** Name of a generic config. */
  readonly genericId: string;
}

export interface NetBoot {
  readonly kernel: string;
  readonly initrd: readonly string[];
  readonly args: readonly string[];
}

const names = ["id", "name", "ignition_id", "cloud_id", "boot", "generic_id"];
const bootNames = ["kernel", "initrd", "args"];

/** @throws {LandfallError} `json-broken`, `document-broken` */
export function parseProfile(bytes: Uint8Array): Profile {
  const fields = fieldsOf(parseJson(bytes), "Profile", names);
  const boot = objectField(fields, "boot", "storagepb.NetBoot");
  return {
    id: stringField(fields, "id"),
    name: stringField(fields, "name"),
    ignitionId: stringField(fields, "ignition_id"),
    cloudId: stringField(fields, "cloud_id"),
    boot: boot && parseBoot(boot),
    genericId: stringField(fields, "generic_id"),
  };
}

function parseBoot(json: JsonObject): NetBoot {
  const fields = fieldsOf(json, "NetBoot", bootNames, "boot.");
  return {
    kernel: stringField(fields, "kernel"),
    initrd: stringsField(fields, "initrd"),
    args: stringsField(fields, "args"),
  };
}

/** The file, as Matchbox writes it. */
export function writeProfile({ id, name, ignitionId, cloudId, boot, genericId }: Profile): string {
  return writeJson(
    filled({
      id,
      name,
      ignition_id: ignitionId,
      cloud_id: cloudId,
      boot: boot && filled({ kernel: boot.kernel, initrd: boot.initrd, args: boot.args }),
      generic_id: genericId,
    }),
    "\t",
    () => false,
  );
}

/** Without what is empty, which Matchbox leaves out. */
function filled(fields: Readonly<Record<string, Json | undefined>>): JsonObject {
  const kept = Object.entries(fields).filter(
    (entry): entry is [string, Json] =>
      entry[1] !== undefined && entry[1] !== "" && !(Array.isArray(entry[1]) && entry[1].length === 0),
  );
  return Object.fromEntries(kept);
}
