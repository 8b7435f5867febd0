import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { App } from "cdktf";
import { ClusterStack, type ClusterStackProps } from "./cluster-stack.ts";

/**
 * Writes one stack for each cluster to `outdir`: `stacks/<cluster>/cdk.tf.json` and the manifest that cdktf's CLI reads.
 * The same input gives the same bytes.
 */
export function synthesise(clusters: readonly ClusterStackProps[], outdir: string): void {
  // cdktf asks whether a folder is there and then makes it: of two deploys that begin together, one would fail.
  mkdirSync(join(outdir, "stacks"), { recursive: true });
  const app = new App({ outdir, stackTraces: false });
  for (const cluster of clusters) new ClusterStack(app, cluster.plan.cluster, cluster);
  app.synth();
}
