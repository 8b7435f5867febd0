import { execFileSync } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Case {
  readonly kind: "mac" | "query" | "range" | "group" | "profile" | "flags";
  readonly text?: Buffer;
  readonly args?: readonly string[];
}

export interface GoParsers {
  /** What Go says of each. */
  readonly ask: (cases: readonly Case[]) => unknown[];
  readonly remove: () => void;
}

/** testdata/parse.go, built. */
export function buildGoParsers(): GoParsers {
  const folder = mkdtempSync(join(tmpdir(), "landfall-fuzz-"));
  copyFileSync(new URL("testdata/parse.go", import.meta.url), join(folder, "main.go"));
  writeFileSync(join(folder, "go.mod"), "module parse\n\ngo 1.24\n");
  execFileSync("go", ["build", "-o", "parse", "."], { cwd: folder, env: { ...process.env, GOFLAGS: "" } });
  return {
    ask(cases) {
      if (cases.length === 0) return [];
      const input = cases
        .map(({ kind, text, args }) => `${JSON.stringify({ kind, text: text?.toString("base64"), args })}\n`)
        .join("");
      const said = execFileSync(join(folder, "parse"), { input, encoding: "utf8", maxBuffer: 2 ** 30 });
      return said
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line));
    },
    remove: () => rmSync(folder, { recursive: true }),
  };
}
