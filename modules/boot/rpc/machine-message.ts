// A machine's record as a message, and back. Both have the same names, so JSON leads from one to the other.
import { fromJsonString, toJson } from "@bufbuild/protobuf";
import { type MachineRecord, machineRecordSchema } from "../machine/types.ts";
import { type Machine, MachineSchema } from "./generated/landfall_pb.ts";

export function toMessage(record: MachineRecord): Machine {
  return fromJsonString(MachineSchema, JSON.stringify(record));
}

export function toRecord(message: Machine): MachineRecord {
  return machineRecordSchema.parse(toJson(MachineSchema, message, { alwaysEmitImplicit: true }));
}
