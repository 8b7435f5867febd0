import { createHash } from "node:crypto";
import type { DeliveredFile } from "./types.ts";

/** Where a machine keeps what is delivered to it; every delivered path is below. */
export const pkiFolder = "/etc/kubernetes/pki";

/** SHA-256, as hex digits. */
export function sha256(bytes: Buffer | string): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/**
 * 64 hex digits that change with any path, mode or byte of a delivery, and not with the order of its files. The machine
 * computes the same with `{ stat -c '%a %n' FILE...; sha256sum FILE...; } | sha256sum`, names sorted.
 */
export function filesFingerprint(files: readonly DeliveredFile[]): string {
  const named = files
    .map((file) => ({ ...file, name: nameInDelivery(file.path) }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  const modes = named.map(({ mode, name }) => `${mode.toString(8)} ${name}\n`);
  const sums = named.map(({ contents, name }) => `${sha256(contents)}  ${name}\n`);
  return sha256([...modes, ...sums].join(""));
}

/** Path below the folder. Throws on one that is not, and on one that needs quoting in a shell. */
export function nameInDelivery(path: string): string {
  const name = path.startsWith(`${pkiFolder}/`) ? path.slice(pkiFolder.length + 1) : "";
  if (!/^(etcd\/)?[a-z0-9][a-z0-9-]*\.(crt|key|pub|yaml)$/.test(name))
    throw new RangeError(`no path of a delivery: ${path}`);
  return name;
}
