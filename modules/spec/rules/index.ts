// What the schema cannot say: rules that look at more than one value.
import type { Diagnostic } from "../diagnostic.ts";
import { pathText } from "../shape.ts";
import type { ClusterFile, Report, SiteFile } from "./types.ts";

export interface RuleOptions {
  readonly knownReleases: readonly string[];
}

/** Every breach of every rule in every file, in no order. */
export function checkRules(
  _sites: readonly SiteFile[],
  _clusters: readonly ClusterFile[],
  _options: RuleOptions,
): Diagnostic[] {
  const diagnostics: Diagnostic[] = [];
  const _report: Report = ({ source }, path, message, part) => {
    const subject = path.length === 0 ? "" : `${pathText(path)}: `;
    diagnostics.push({ file: source.file, ...source.locate(path, part), message: `${subject}${message}` });
  };
  return diagnostics;
}
