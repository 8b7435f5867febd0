// The web server's own tests are in Go, beside it.
import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";

it("tells who answers, and probes DNS and its Service (go test)", () => {
  const folder = mkdtempSync(join(tmpdir(), "landfall-web-"));
  try {
    for (const file of ["main.go", "main_test.go"])
      cpSync(join(import.meta.dirname, file), join(folder, file));
    writeFileSync(join(folder, "go.mod"), "module landfall.local/web\n\ngo 1.24\n");
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
    expect(output.match(/^--- PASS/gm)).toHaveLength(5);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
