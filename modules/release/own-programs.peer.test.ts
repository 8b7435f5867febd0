// Landfall's own programs in Go have their tests beside them.
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";

it.each([
  ["web", "tells who answers, and probes DNS and its Service", 5],
  ["gate", "waits until the API lets it in, and for its turn", 9],
])("%s %s (go test)", (program, _, tests) => {
  const folder = mkdtempSync(join(tmpdir(), `landfall-${program}-`));
  try {
    const sources = join(import.meta.dirname, program);
    for (const file of readdirSync(sources)) cpSync(join(sources, file), join(folder, file));
    writeFileSync(join(folder, "go.mod"), `module landfall.local/${program}\n\ngo 1.24\n`);
    const env = {
      ...process.env,
      GOFLAGS: "-buildvcs=false -mod=mod",
      CGO_ENABLED: "0",
      GOTOOLCHAIN: "local",
    };
    const output = execFileSync("go", ["test", "-trimpath", "-v", "./..."], {
      cwd: folder,
      env,
      encoding: "utf8",
    });
    expect(output.match(/^--- PASS/gm)).toHaveLength(tests);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
