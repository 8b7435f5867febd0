// Debian's packages come from where this computer has them: no host name is written down here.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { LandfallError } from "../spec/error.ts";

/**
 * The computer's own package sources that serve a suite, with its updates and security updates, as deb822 text.
 * @throws LandfallError `apt-sources-missing` when none does
 */
export function readAptSources(etcApt: string, suite: string): string {
  const parts = join(etcApt, "sources.list.d");
  const names = existsSync(parts) ? readdirSync(parts).sort() : [];
  const stanzas = [
    ...(existsSync(join(etcApt, "sources.list"))
      ? oneLineSources(readFileSync(join(etcApt, "sources.list"), "utf8"), suite)
      : []),
    ...names
      .filter((name) => name.endsWith(".list"))
      .flatMap((name) => oneLineSources(readFileSync(join(parts, name), "utf8"), suite)),
    ...names
      .filter((name) => name.endsWith(".sources"))
      .flatMap((name) => deb822Sources(readFileSync(join(parts, name), "utf8"), suite)),
  ];
  if (stanzas.length === 0) {
    throw new LandfallError(
      "apt-sources-missing",
      `no package source of this computer serves Debian ${suite}`,
      {
        found: `no entry for ${suite} below ${etcApt}`,
        expected: `a source of ${suite}, as Debian's own`,
        next: `add Debian ${suite} to ${parts}`,
      },
    );
  }
  return `${stanzas.join("\n\n")}\n`;
}

/** Stanzas of a .sources file whose suites are all of this release. */
export function deb822Sources(text: string, suite: string): string[] {
  return text
    .split(/\n\s*\n/)
    .map((stanza) => stanza.replaceAll(/^#.*\n?/gm, "").trim())
    .filter((stanza) => {
      const suites = /^Suites:(.*)$/m.exec(stanza)?.[1]?.trim().split(/\s+/) ?? [];
      const types = /^Types:(.*)$/m.exec(stanza)?.[1]?.trim().split(/\s+/) ?? [];
      return (
        types.includes("deb") &&
        suites.length > 0 &&
        suites.every((name) => ofRelease(name, suite)) &&
        !/^Enabled:\s*no/m.test(stanza)
      );
    });
}

/** Lines of a sources.list, written as stanzas. */
export function oneLineSources(text: string, suite: string): string[] {
  return text.split("\n").flatMap((line) => {
    const match = /^deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+(.+)$/.exec(line.replace(/#.*/, "").trim());
    if (match === null || !ofRelease(match[3]!, suite)) return [];
    const signed = /signed-by=(\S+)/.exec(match[1] ?? "")?.[1];
    return [
      [
        "Types: deb",
        `URIs: ${match[2]}`,
        `Suites: ${match[3]}`,
        `Components: ${match[4]!.trim()}`,
        ...(signed === undefined ? [] : [`Signed-By: ${signed}`]),
      ].join("\n"),
    ];
  });
}

function ofRelease(name: string, suite: string): boolean {
  return [suite, `${suite}-updates`, `${suite}-security`].includes(name);
}
