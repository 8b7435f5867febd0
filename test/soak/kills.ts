// SIGKILL of a deploy, or of its Terraform, at random moments of a landing: run again, it converges, every time.
import { readyNodes } from "../lab/harness/api.ts";
import { killDeploy, type Victim } from "../lab/harness/kills.ts";
import { openRack, type Rack } from "../lab/harness/rack.ts";
import { random } from "../support/random.ts";

export interface Round {
  readonly victim: Victim;
  /** Seconds after its start. */
  readonly after: string;
  /** What the deploy had just said. */
  readonly at: string;
  readonly converged: boolean;
  /** Of the deploy that went on. */
  readonly seconds: string;
}

const cluster = "lab-v1";
const machines = ["m1", "m2", "m3", "w1", "w2"];
/** Seconds within which a kill comes: about what a landing takes. */
const span = 45;

/** Lands a cluster from nothing in each round. A round that fails ends the soak, with all that was said. */
export async function killRounds(
  rounds: number,
  seed: number,
  say: (line: string) => void,
): Promise<readonly Round[]> {
  const next = random(seed);
  const rack = await openRack({
    name: "soak",
    machines,
    clusters: { [cluster]: { masters: machines.slice(0, 3), workers: machines.slice(3) } },
  });
  const results: Round[] = [];
  try {
    while (results.length < rounds && (results.at(-1)?.converged ?? true)) {
      const victim = results.length % 2 === 0 ? "landfall" : "terraform";
      const kill = await killDeploy(rack, cluster, victim, next() * span);
      if (kill !== undefined) {
        const round = await goOn(rack);
        if (round.error !== undefined) say(round.error);
        const { after, at } = kill;
        results.push({
          victim,
          after: after.toFixed(1),
          at: at.slice(0, 60),
          converged: !round.error,
          seconds: round.seconds,
        });
        say(
          `${results.length}: ${victim} killed after ${after.toFixed(1)} s (${at}), ${round.error ? "did not converge" : `converged in ${round.seconds} s`}`,
        );
      }
      await rack.landfall("destroy", cluster);
    }
  } finally {
    await rack.down();
  }
  return results;
}

async function goOn(rack: Rack): Promise<{ seconds: string; error?: string }> {
  try {
    const { seconds } = await rack.landfall("deploy", cluster);
    const ready = await readyNodes(await rack.api(cluster));
    if (ready.join() !== machines.join()) return { seconds: seconds.toFixed(1), error: `Ready: ${ready}` };
    return { seconds: seconds.toFixed(1) };
  } catch (error) {
    return { seconds: "-", error: String(error) };
  }
}
