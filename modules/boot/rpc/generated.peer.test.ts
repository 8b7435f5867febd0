// What is committed in generated/ is what `npm run proto` makes of the .proto files.
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { expect, it } from "vitest";

const root = join(import.meta.dirname, "../../..");

it("is generated from the .proto files", async () => {
  const folder = mkdtempSync(join(tmpdir(), "landfall-proto-"));
  try {
    const template = readFileSync(join(import.meta.dirname, "buf.gen.yaml"), "utf8");
    const out = "modules/boot/rpc/generated";
    expect(template).toContain(out);
    writeFileSync(join(folder, "buf.gen.yaml"), template.replace(out, folder));
    await execa("buf", ["generate", "--template", join(folder, "buf.gen.yaml")], {
      cwd: root,
      preferLocal: true,
      localDir: root,
    });
    const files = readdirSync(join(import.meta.dirname, "generated"));
    expect(files).toContain("matchbox_pb.ts");
    for (const file of files)
      expect(readFileSync(join(folder, file), "utf8")).toBe(
        readFileSync(join(import.meta.dirname, "generated", file), "utf8"),
      );
  } finally {
    rmSync(folder, { recursive: true });
  }
});
