// `npm run soak`: what needs many tries to be believed. Minutes to hours; a summary table at the end.
import { killRounds } from "./kills.ts";

const rounds = Number(process.argv[2] ?? 10);
const seed = Number(process.argv[3] ?? Date.now() % 2 ** 32);
if (!Number.isInteger(rounds) || rounds < 1 || !Number.isInteger(seed)) {
  console.error("usage: npm run soak -- [ROUNDS (default: 10)] [SEED (default: another one each time)]");
  process.exit(2);
}
console.log(`${rounds} deploys killed at random moments, seed ${seed}`);
const results = await killRounds(rounds, seed, (line) => console.log(line));
console.table(results);
const failed = results.filter(({ converged }) => !converged).length;
console.log(`${results.length - failed} of ${rounds} converged; seed ${seed}`);
process.exit(failed === 0 && results.length === rounds ? 0 : 1);
