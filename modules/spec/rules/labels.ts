// What Kubernetes takes as labels and taints, and which of them are not people's to set.
import type { Path } from "../document.ts";
import type { Report, WrittenFile } from "./types.ts";

const namePart = /^[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const prefixPart = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const keyForm = "a label's key: [PREFIX/]NAME, a DNS name and 1-63 of letters, digits, '-', '_' and '.'";
const valueForm =
  "a label's value: at most 63 of letters, digits, '-', '_' and '.', with a letter or digit at each end";

/** Of Kubernetes' own prefixes a kubelet may set these alone (its NodeRestriction admission refuses the rest). */
const allowed = new Set(["topology.kubernetes.io/region", "topology.kubernetes.io/zone"]);
const allowedPrefixes = ["node.kubernetes.io", "kubelet.kubernetes.io"];

type Labels = Readonly<Record<string, string | undefined>> | undefined;

export function checkLabels(file: WrittenFile, path: Path, labels: Labels, report: Report): void {
  for (const [key, value] of Object.entries(labels ?? {})) {
    if (!isKey(key)) report(file, [...path, key], `found ${JSON.stringify(key)}, expected ${keyForm}`, "key");
    else if (isReserved(key)) {
      report(file, [...path, key], `found the reserved label ${key}, expected one of your own`, "key");
    }
    if (value !== undefined && !isValue(value)) {
      report(file, [...path, key], `found ${JSON.stringify(value)}, expected ${valueForm}`);
    }
  }
}

interface WrittenTaint {
  readonly key?: string | undefined;
  readonly value?: string | undefined;
}

export function checkTaint(file: WrittenFile, path: Path, taint: WrittenTaint, report: Report): void {
  const { key, value } = taint;
  if (key !== undefined && !isKey(key)) {
    report(file, [...path, "key"], `found ${JSON.stringify(key)}, expected ${keyForm}`);
  }
  if (value !== undefined && !isValue(value)) {
    report(file, [...path, "value"], `found ${JSON.stringify(value)}, expected ${valueForm}`);
  }
}

function isKey(key: string): boolean {
  const slash = key.indexOf("/");
  const prefix = key.slice(0, Math.max(slash, 0));
  return (
    (slash < 0 || (prefix.length <= 253 && prefixPart.test(prefix))) && namePart.test(key.slice(slash + 1))
  );
}

function isValue(value: string): boolean {
  return value === "" || namePart.test(value);
}

function isReserved(key: string): boolean {
  const prefix = key.slice(0, Math.max(key.indexOf("/"), 0));
  if (prefix === "landfall.local" || prefix.endsWith(".landfall.local")) return true;
  if (allowed.has(key) || allowedPrefixes.some((p) => prefix === p || prefix.endsWith(`.${p}`))) return false;
  return ["kubernetes.io", "k8s.io"].some((p) => prefix === p || prefix.endsWith(`.${p}`));
}
