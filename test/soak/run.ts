// `npm run soak`: what needs many tries to be believed. Minutes to hours; a summary table at the end.
// `npm run soak -- kills [ROUNDS] [SEED]` and `npm run soak -- conformance` run one of them.
import { conformanceRun } from "./conformance.ts";
import { killRounds } from "./kills.ts";

const [what = "all", roundsText = "10", seedText = String(Date.now() % 2 ** 32)] = process.argv.slice(2);
const rounds = Number(roundsText);
const seed = Number(seedText);
if (
  !["all", "kills", "conformance"].includes(what) ||
  !Number.isInteger(rounds) ||
  rounds < 1 ||
  !Number.isInteger(seed)
) {
  console.error(
    "usage: npm run soak -- [all | conformance | kills [ROUNDS (10)] [SEED (another one each time)]]",
  );
  process.exit(2);
}
const outcomes: boolean[] = [];
if (what !== "conformance") outcomes.push(await kills());
if (what !== "kills") outcomes.push(await conformanceRun((line) => console.log(line)));
process.exit(outcomes.every(Boolean) ? 0 : 1);

async function kills(): Promise<boolean> {
  console.log(`${rounds} deploys killed at random moments, seed ${seed}`);
  const results = await killRounds(rounds, seed, (line) => console.log(line));
  console.table(results);
  const converged = results.filter((round) => round.converged).length;
  console.log(`${converged} of ${rounds} converged; seed ${seed}`);
  return converged === rounds;
}
