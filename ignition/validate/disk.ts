import type * as decoded from "./decoded.ts";
import { type Json, JsonError, parseJson } from "./json.ts";
import { pathError } from "./path.ts";
import type { Rule } from "./rules.ts";
import { sourceError } from "./source.ts";
import { parseUrl } from "./url.ts";

export const disk: Rule<decoded.Disk> = ({ device, partitions = [] }, at, report) => {
  if (!device) {
    report.error([...at, "device"], "disk device is required");
    return;
  }
  report.error([...at, "device"], pathError(device));
  const each = [...at, "partitions"];
  const numbers = partitions.map((partition) => partition.number || undefined);
  const sameNumber = repeated(numbers);
  if (sameNumber !== undefined) report.error([...each, sameNumber], "partition numbers collide");
  const overlapping = overlapped(partitions);
  if (overlapping !== undefined) report.error([...each, overlapping], "partitions overlap");
  if (partitions.some((one) => one.shouldExist === false) && partitions.some((one) => !one.number)) {
    report.error(each, "shouldExist is false for a partition and other partition(s) has start or size 0");
  }
  const sameLabel = repeated(partitions.map((partition) => partition.label));
  if (sameLabel !== undefined)
    report.error([...each, sameLabel], "cannot use the same partition label twice");
};

/** The first index whose value was there before, undefined ones aside. */
function repeated(values: readonly (string | bigint | undefined)[]): number | undefined {
  const index = values.findIndex((value, i) => value !== undefined && values.indexOf(value) < i);
  return index < 0 ? undefined : index;
}

/** The index of a partition that another one reaches into. Where a start is left open, nothing is known. */
function overlapped(partitions: readonly decoded.Partition[]): number | undefined {
  const extents = partitions.map(({ startMiB, sizeMiB }) =>
    startMiB && sizeMiB !== undefined ? { start: startMiB, end: lastMiB(startMiB, sizeMiB) } : undefined,
  );
  for (const one of extents) {
    if (one === undefined) continue;
    const index = extents.findIndex(
      (other) =>
        other !== undefined &&
        other !== one &&
        ((one.start >= other.start && one.start <= other.end) ||
          (one.end >= other.start && one.end <= other.end) ||
          (one.start < other.start && one.end > other.end)),
    );
    if (index >= 0) return index;
  }
  return undefined;
}

/** A size of 0 is what is left, which counts as nothing here. Overflows as 64 bits do. */
function lastMiB(start: bigint, size: bigint): bigint {
  return size === 0n ? start : BigInt.asIntN(64, start + size - 1n);
}

export const partition: Rule<decoded.Partition> = (value, at, report) => {
  const { shouldExist, label, typeGuid, guid, startMiB, sizeMiB, number } = value;
  const described =
    label !== undefined || typeGuid || guid || startMiB !== undefined || sizeMiB !== undefined;
  if (shouldExist === false && described) {
    report.error(at, "shouldExist specified false with other options also specified");
  }
  if (!number && label === undefined) {
    report.error(at, "a partition number >= 1 or a label must be specified");
  }
  if (label !== undefined) {
    if (Buffer.byteLength(label) > 36) {
      report.error([...at, "label"], "partition labels may not exceed 36 characters");
    } else if (label.includes(":")) {
      report.error([...at, "label"], "partition label will be truncated to text before the colon");
    }
  }
  report.error([...at, "guid"], guidError(guid));
  report.error([...at, "typeGuid"], guidError(typeGuid));
};

function guidError(guid: string | undefined): string | undefined {
  if (!guid || /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i.test(guid)) return undefined;
  return `doesn't match the form "01234567-89AB-CDEF-EDCB-A98765432101"`;
}

/** Levels by whether they may have spares. */
const raidLevels: Readonly<Record<string, { readonly spares: boolean }>> = {
  ...levels(["linear", "raid0", "0", "stripe"], false),
  ...levels(["raid1", "1", "mirror", "raid4", "4", "raid5", "5", "raid6", "6", "raid10", "10"], true),
};

function levels(names: readonly string[], spares: boolean): Record<string, { spares: boolean }> {
  return Object.fromEntries(names.map((name) => [name, { spares }]));
}

export const raid: Rule<decoded.Raid> = ({ level, spares, devices = [] }, at, report, minor) => {
  report.error([...at, "level"], levelError(level, spares, minor));
  if (devices.length === 0) report.error([...at, "devices"], "raid devices required");
  devices.forEach((device, i) => {
    report.error([...at, "devices", i], pathError(device));
  });
};

function levelError(
  level: string | undefined,
  spares: bigint | undefined,
  minor: number,
): string | undefined {
  if (!level && minor >= 3) return "raid level is required";
  if (!level || !Object.hasOwn(raidLevels, level)) return "unrecognized raid level";
  return spares && !raidLevels[level]!.spares ? "spares unsupported for linear and raid0 arrays" : undefined;
}

export const luks: Rule<decoded.Luks> = (
  { name, label, device, clevis, keyFile, cex },
  at,
  report,
  minor,
) => {
  if (name?.includes("/")) report.error([...at, "name"], "device names cannot contain slashes");
  if (label && Buffer.byteLength(label) > 47) {
    report.error([...at, "label"], "luks device labels cannot be longer than 47 characters");
  }
  report.error([...at, "device"], device ? pathError(device) : "disk device is required");

  // In 3.2.0 clevis and its custom part may be absent as a whole, and being there is what counts.
  const custom = minor >= 3 ? Boolean(clevis.custom.pin) : clevis?.custom !== undefined;
  const bound = clevis !== undefined && ((clevis.tang ?? []).length > 0 || clevis.tpm2 || clevis.threshold);
  if (custom && bound) {
    report.error([...at, "clevis"], "cannot use custom clevis config with tpm2, tang, or threshold");
  }
  if (keyFile.source && sourceError(keyFile.source, minor) !== undefined) {
    report.error([...at, "keys"], "invalid key-file source");
  }
  if (cex?.enabled && (custom || bound)) report.error([...at, "cex"], "cannot use cex with clevis");
  if (cex?.enabled && keyFile.source) report.error([...at, "cex"], "cannot use key file with cex");
};

export const clevisCustom: Rule<decoded.ClevisCustom> = (
  { pin, config, needsNetwork },
  at,
  report,
  minor,
) => {
  if (!pin && !config && !(needsNetwork && minor >= 3)) return;
  if (!pin && minor >= 3) report.error([...at, "pin"], "missing required custom clevis pin");
  else if (!["tpm2", "tang", "sss"].includes(pin ?? ""))
    report.error([...at, "pin"], "unsupported clevis pin");
  if (!config) report.error([...at, "config"], "missing required custom clevis config");
};

export const tang: Rule<decoded.Tang> = ({ url, thumbprint, advertisement }, at, report) => {
  const scheme = parseUrl(url ?? "")?.scheme;
  if (scheme === undefined) report.error([...at, "url"], "unable to parse url");
  else if (scheme !== "http" && scheme !== "https") report.error([...at, "url"], "invalid url scheme");
  if (!thumbprint) report.error([...at, "thumbprint"], "thumbprint is required");
  if (advertisement && !isJson(advertisement)) {
    report.error([...at, "advertisement"], "advertisement is not valid JSON");
  }
};

function isJson(text: string): boolean {
  try {
    return fits(parseJson(text));
  } catch (error) {
    if (error instanceof JsonError) return false;
    throw error;
  }
}

/** Whether every number fits into 64 bits of floating point: Go refuses others. */
function fits(root: Json): boolean {
  const left = [root];
  for (let json = left.pop(); json !== undefined; json = left.pop()) {
    if (json.kind === "array") left.push(...json.items);
    if (json.kind === "object") left.push(...json.entries.map((entry) => entry.value));
    if (json.kind === "number" && !Number.isFinite(Number(json.text))) return false;
  }
  return true;
}

/** The longest label of each format, bytes. */
const longestLabel: Readonly<Record<string, number>> = { ext4: 16, btrfs: 256, xfs: 12, swap: 15, vfat: 11 };

export const filesystem: Rule<decoded.Filesystem> = (value, at, report, minor) => {
  const { path, device, format, label } = value;
  if (path) report.error([...at, "path"], pathError(path));
  report.error([...at, "device"], pathError(device));
  report.error([...at, "format"], formatError(value, minor));
  if (!label) return;
  if (!format) report.error([...at, "label"], "filesystem must specify format if label is specified");
  else if (Object.hasOwn(longestLabel, format) && Buffer.byteLength(label) > longestLabel[format]!) {
    const message = `filesystem labels cannot be longer than ${longestLabel[format]} characters when using ${format}`;
    report.error([...at, "label"], message);
  }
};

function formatError(value: decoded.Filesystem, minor: number): string | undefined {
  const { path, label, uuid, wipeFilesystem, mountOptions = [], options = [], format } = value;
  if (format) {
    const known = Object.hasOwn(longestLabel, format) || (format === "none" && minor >= 3);
    return known ? undefined : "invalid filesystem format";
  }
  return path || label || uuid || wipeFilesystem || mountOptions.length + options.length > 0
    ? "format cannot be empty when path, label, uuid, wipeFilesystem, options, or mountOptions is specified"
    : undefined;
}
