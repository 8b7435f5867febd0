import type { ObjectShape, Shape } from "../shape.ts";
import type { Path, Struct, Value } from "./decode.ts";
import type * as decoded from "./decoded.ts";
import * as disk from "./disk.ts";
import { duplicates } from "./duplicates.ts";
import type { Report } from "./report.ts";
import * as source from "./source.ts";
import * as systemd from "./systemd.ts";
import * as tree from "./tree.ts";

/** What is checked of one kind of object, in spec 3.`minor`. Messages are Ignition's own. */
export type Rule<T> = (value: T, at: Path, report: Report, minor: number) => void;

const ignitionConfig: Rule<decoded.IgnitionConfig> = ({ merge = [] }, at, report, minor) => {
  if (minor < 1) return;
  merge.forEach((one, i) => {
    report.error([...at, "merge", i], source.requiredSourceError(one, minor));
  });
};

const tls: Rule<decoded.TLS> = ({ certificateAuthorities = [] }, at, report, minor) => {
  if (minor < 1) return;
  certificateAuthorities.forEach((one, i) => {
    report.error([...at, "certificateAuthorities", i], source.requiredSourceError(one, minor));
  });
};

/** A reference to another config, in 3.0.0. */
const configReference: Rule<decoded.Resource> = (value, at, report, minor) => {
  if (value.source) report.error([...at, "source"], source.sourceError(value.source, minor));
};

/** A reference to a CA, in 3.0.0. */
const caReference: Rule<decoded.Resource> = (value, at, report, minor) => {
  report.error([...at, "source"], source.sourceError(value.source ?? "", minor));
};

/** Rules by the schema's name of the object that they are for. */
const rules: Readonly<Record<string, Rule<never>>> = {
  config: systemd.config,
  "ignition-config": ignitionConfig,
  "config-reference": configReference,
  "ca-reference": caReference,
  resource: source.resource,
  "file-contents": source.resource,
  httpHeaders: source.httpHeader,
  verification: source.verification,
  proxy: source.proxy,
  tls,
  storage: tree.storage,
  file: tree.file,
  directory: tree.directory,
  link: tree.link,
  disk: disk.disk,
  partition: disk.partition,
  raid: disk.raid,
  luks: disk.luks,
  clevisCustom: disk.clevisCustom,
  custom: disk.clevisCustom,
  tang: disk.tang,
  filesystem: disk.filesystem,
  systemd: systemd.systemd,
  unit: systemd.unit,
  dropin: systemd.dropin,
};

/** Checks a config and everything in it. */
export function check(config: Struct, shape: ObjectShape, report: Report, minor: number): void {
  visit(config, shape, [], (value, object, at) => {
    const rule = Object.hasOwn(rules, object.name) ? rules[object.name] : undefined;
    // The shape that named the rule is the one that the value was decoded with.
    rule?.(value as never, at, report, minor);
  });
  visit(config, shape, [], (value, object, at) => {
    duplicates(value, object, at, report);
  });
}

/** Calls back for each object in a config, the outer one first. */
export function visit(
  value: Value,
  shape: Shape,
  at: Path,
  visitor: (value: Struct, shape: ObjectShape, at: Path) => void,
): void {
  if (value === undefined) return;
  if (shape.kind === "list") {
    (value as readonly Value[]).forEach((item, i) => {
      visit(item, shape.of, [...at, i], visitor);
    });
  }
  if (shape.kind !== "object") return;
  visitor(value as Struct, shape, at);
  for (const [key, field] of Object.entries(shape.fields))
    visit((value as Struct)[key], field, [...at, key], visitor);
}
