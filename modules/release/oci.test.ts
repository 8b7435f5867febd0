import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { writeImageLayout } from "./oci.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "landfall-oci-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function write(name: string): Promise<string> {
  const layout = join(folder, name);
  mkdirSync(layout);
  writeFileSync(join(layout, "layer.tar"), "layer");
  await writeImageLayout(layout, join(layout, "layer.tar"), {
    reference: "landfall.local/web:v1",
    entrypoint: ["/web"],
    command: ["serve"],
    user: "1:1",
  });
  return layout;
}

interface Descriptor {
  digest: string;
  size: number;
}

test("every blob has the digest and size by which it is referred to, from the index to the layer", async () => {
  const layout = await write("a");
  const blob = ({ digest, size }: Descriptor) => {
    const bytes = readFileSync(join(layout, "blobs/sha256", digest.replace("sha256:", "")));
    expect(`sha256:${createHash("sha256").update(bytes).digest("hex")}`).toBe(digest);
    expect(bytes.length).toBe(size);
    return bytes;
  };
  const index = JSON.parse(readFileSync(join(layout, "index.json"), "utf8"));
  expect(index.manifests[0].annotations).toEqual({
    "io.containerd.image.name": "landfall.local/web:v1",
    "org.opencontainers.image.ref.name": "v1",
  });
  const manifest = JSON.parse(blob(index.manifests[0]).toString());
  const config = JSON.parse(blob(manifest.config).toString());
  expect(blob(manifest.layers[0]).toString()).toBe("layer");
  // An uncompressed layer's digest is its diff id too.
  expect(config.rootfs.diff_ids).toEqual([manifest.layers[0].digest]);
  expect(config.config).toMatchObject({ User: "1:1", Entrypoint: ["/web"], Cmd: ["serve"] });
  expect(JSON.parse(readFileSync(join(layout, "oci-layout"), "utf8"))).toEqual({
    imageLayoutVersion: "1.0.0",
  });
  expect(readdirSync(layout).sort()).toEqual(["blobs", "index.json", "oci-layout"]);
});

test("the same input gives the same bytes", async () => {
  const [a, b] = [await write("a"), await write("b")];
  expect(readFileSync(join(a, "index.json"))).toEqual(readFileSync(join(b, "index.json")));
  expect(readdirSync(join(a, "blobs/sha256"))).toEqual(readdirSync(join(b, "blobs/sha256")));
});
