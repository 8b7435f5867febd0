import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { deb822Sources, oneLineSources, readAptSources } from "./apt.ts";

test("stanzas of the suite are kept, others and what is switched off are not", () => {
  const wanted = `Types: deb
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg`;
  const text = `# a comment
${wanted}

Types: deb
URIs: http://mirror.example/other
Suites: bookworm-tools
Components: main

Types: deb-src
URIs: http://mirror.example/debian
Suites: bookworm
Components: main

Enabled: no
Types: deb
URIs: http://mirror.example/off
Suites: bookworm-security
Components: main
`;
  expect(deb822Sources(text, "bookworm")).toEqual([wanted]);
  expect(deb822Sources(text, "trixie")).toEqual([]);
});

test("lines of a sources.list become stanzas", () => {
  const text = `deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/debian bookworm main contrib # ours
deb-src http://mirror.example/debian bookworm main
# deb http://mirror.example/debian bookworm main
deb http://mirror.example/security bookworm-security main
deb http://mirror.example/x bookworm-backports main
`;
  expect(oneLineSources(text, "bookworm")).toEqual([
    "Types: deb\nURIs: http://mirror.example/debian\nSuites: bookworm\nComponents: main contrib\nSigned-By: /k.gpg",
    "Types: deb\nURIs: http://mirror.example/security\nSuites: bookworm-security\nComponents: main",
  ]);
});

test("a computer without sources of the suite is told so", () => {
  const empty = mkdtempSync(join(tmpdir(), "landfall-apt-"));
  try {
    expect(() => readAptSources(empty, "bookworm")).toThrow(
      expect.objectContaining({ code: "apt-sources-missing" }),
    );
  } finally {
    rmSync(empty, { recursive: true });
  }
});
