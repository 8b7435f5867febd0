// A small writer of OCI image layouts (image-spec 1.1): one layer, one platform, the same bytes for the same input.
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sha256File } from "./files.ts";

export interface ImageOptions {
  /** Full reference, as `landfall.local/etcd:v3.6.5`. */
  readonly reference: string;
  readonly entrypoint: readonly string[];
  readonly command?: readonly string[];
  /** `KEY=value`. */
  readonly env?: readonly string[];
  readonly user?: string;
}

interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/**
 * Writes an image layout into `folder`, which must exist. The layer is moved there.
 * @param layer path of an uncompressed tar
 */
export async function writeImageLayout(folder: string, layer: string, options: ImageOptions): Promise<void> {
  const blobs = join(folder, "blobs", "sha256");
  mkdirSync(blobs, { recursive: true });
  const layerDigest = await sha256File(layer);
  const layerSize = statSync(layer).size;
  renameSync(layer, join(blobs, layerDigest));

  const blob = (mediaType: string, value: unknown): Descriptor => {
    const text = JSON.stringify(value);
    const digest = createHash("sha256").update(text).digest("hex");
    writeFileSync(join(blobs, digest), text);
    return { mediaType, digest: `sha256:${digest}`, size: Buffer.byteLength(text) };
  };
  const config = blob(
    "application/vnd.oci.image.config.v1+json",
    imageConfig(options, `sha256:${layerDigest}`),
  );
  const manifest = blob("application/vnd.oci.image.manifest.v1+json", {
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    config,
    layers: [
      {
        mediaType: "application/vnd.oci.image.layer.v1.tar",
        digest: `sha256:${layerDigest}`,
        size: layerSize,
      },
    ],
  });
  writeFileSync(join(folder, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
  writeFileSync(
    join(folder, "index.json"),
    JSON.stringify({
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.index.v1+json",
      manifests: [
        {
          ...manifest,
          platform: { architecture: "amd64", os: "linux" },
          // The first is containerd's, the second the specification's (a tag alone).
          annotations: {
            "io.containerd.image.name": options.reference,
            "org.opencontainers.image.ref.name": options.reference.slice(
              options.reference.lastIndexOf(":") + 1,
            ),
          },
        },
      ],
    }),
  );
}

/** Absolute path of the one layer of a layout that was written here: an uncompressed tar. */
export function layerPath(folder: string): string {
  const blob = ({ digest }: Descriptor) => join(folder, "blobs", ...digest.split(":"));
  const index = JSON.parse(readFileSync(join(folder, "index.json"), "utf8")) as { manifests: [Descriptor] };
  const manifest = JSON.parse(readFileSync(blob(index.manifests[0]), "utf8")) as { layers: [Descriptor] };
  return blob(manifest.layers[0]);
}

function imageConfig(options: ImageOptions, diffId: string): object {
  return {
    architecture: "amd64",
    os: "linux",
    config: {
      ...(options.user !== undefined && { User: options.user }),
      Env: ["PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", ...(options.env ?? [])],
      Entrypoint: options.entrypoint,
      ...(options.command !== undefined && { Cmd: options.command }),
    },
    rootfs: { type: "layers", diff_ids: [diffId] },
  };
}
