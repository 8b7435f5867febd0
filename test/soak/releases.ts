// Every release that Landfall knows lands, is proven healthy, and runs the Kubernetes that it says.
import { knownReleases } from "../../modules/release/index.ts";
import { openRack } from "../lab/harness/rack.ts";

const cluster = "lab-v1";
const masters = ["m1", "m2", "m3"];
const workers = ["w1", "w2"];

/** A release that has not been built yet is built first: a quarter of an hour. Resolves to whether all landed. */
export async function releaseRounds(say: (line: string) => void): Promise<boolean> {
  const rack = await openRack({
    name: "soak-rel",
    machines: [...masters, ...workers],
    clusters: { [cluster]: { masters, workers } },
  });
  try {
    for (const kubernetes of knownReleases) {
      say(`${kubernetes}: built where it is not yet`);
      await rack.landfall("release", "build", kubernetes);
      rack.editCluster(cluster, (file) => {
        file.kubernetes = kubernetes;
      });
      const { seconds } = await rack.landfall("deploy", cluster);
      const versions = await rack.kubectl(cluster, [
        "get",
        "nodes",
        "-o=jsonpath={.items[*].status.nodeInfo.kubeletVersion}",
      ]);
      const right = versions === Array(5).fill(`v${kubernetes}`).join(" ");
      say(
        `${kubernetes}: ${right ? "landed and healthy" : `kubelets say ${versions}`}, ${seconds.toFixed(0)} s`,
      );
      if (!right) return false;
      await rack.landfall("destroy", cluster);
    }
    return true;
  } finally {
    await rack.down();
  }
}
