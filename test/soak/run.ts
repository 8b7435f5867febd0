// `npm run soak`: what needs many tries to be believed. Minutes to hours; a summary table at the end.
// `npm run soak -- kills [ROUNDS] [SEED]`, `orders [RUNS] [SEED]`, `store [ROUNDS] [SEED]`, `fuzz [INPUTS] [SEED]`,
// `rollout [RUNS] [SEED]`, `replace [ROUNDS] [SEED]`, `aborts [TIMES] [SEED]`, `metal [POINTS]`, `releases` and `conformance`
// run one of them.
import { checkOrders } from "../../modules/boot/model/check.ts";
import { crashRounds } from "../../modules/boot/store/crash.ts";
import { checkRollouts } from "../../modules/rollout/model/check.ts";
import { buildGoParsers } from "../fuzz/go.ts";
import { fuzzParsers } from "../fuzz/parsers.ts";
import { conformanceRun } from "./conformance.ts";
import { killRounds } from "./kills.ts";
import { metalRounds } from "./metal.ts";
import { releaseRounds } from "./releases.ts";
import { abortRounds, replaceRounds } from "./replace.ts";

const usage =
  "usage: npm run soak -- [all | conformance | releases | kills [ROUNDS (10)] [SEED] | orders [RUNS (10000)] [SEED] |\n  rollout [RUNS (10000)] [SEED] | replace [ROUNDS (10)] [SEED] | aborts [TIMES (1)] [SEED] |\n  store [ROUNDS (200)] [SEED] | fuzz [INPUTS for each parser (100000)] [SEED] |\n  metal [POINTS (all)]]";
const [what = "all", timesText, seedText = String(Date.now() % 2 ** 31)] = process.argv.slice(2);
const seed = Number(seedText);
const times = timesText === undefined ? undefined : Number(timesText);
const counted = [times ?? 1, seed].every((number) => Number.isInteger(number) && number >= 0) && times !== 0;
const parts = [
  ...["all", "kills", "conformance", "releases", "orders", "rollout", "replace", "aborts", "store", "fuzz"],
  "metal",
];
if (!parts.includes(what) || !counted) {
  console.error(usage);
  process.exit(what === "--help" ? 0 : 2);
}
const wanted = (part: string) => what === part || what === "all";
const outcomes: boolean[] = [];
if (wanted("orders")) outcomes.push(await orders(times ?? 10_000));
if (wanted("rollout")) outcomes.push(await rollout(times ?? 10_000));
if (wanted("store")) outcomes.push(await store(times ?? 200));
if (wanted("fuzz")) outcomes.push(await fuzz(times ?? 100_000));
if (wanted("kills")) outcomes.push(await kills(times ?? 10));
if (wanted("replace")) outcomes.push(await replacements(times ?? 10));
if (wanted("aborts")) outcomes.push(await aborts(times ?? 1));
if (wanted("metal")) outcomes.push(await metal(times));
if (wanted("releases")) outcomes.push(await releaseRounds((line) => console.log(line)));
if (wanted("conformance")) outcomes.push(await conformanceRun((line) => console.log(line)));
process.exit(outcomes.every(Boolean) ? 0 : 1);

async function kills(rounds: number): Promise<boolean> {
  console.log(`${rounds} deploys killed at random moments, seed ${seed}`);
  const results = await killRounds(rounds, seed, (line) => console.log(line));
  console.table(results);
  const converged = results.filter((round) => round.converged).length;
  console.log(`${converged} of ${rounds} converged; seed ${seed}`);
  return converged === rounds;
}

/** Whole clusters, each in the place of the one before: see test/soak/replace.ts. */
async function replacements(rounds: number): Promise<boolean> {
  console.log(`${rounds} replacements with a kill and a power cut each, seed ${seed}`);
  const results = await replaceRounds(rounds, seed, (line) => console.log(line));
  console.table(results);
  const good = results.filter(({ wrong }) => wrong === 0).length;
  console.log(`${good} of ${rounds} ended as they have to; seed ${seed}`);
  return good === rounds;
}

/** Replacements that are taken back out of each step. */
async function aborts(times: number): Promise<boolean> {
  console.log(`an abort out of each step, ${times} times, seed ${seed}`);
  const results = await abortRounds(times, seed, (line) => console.log(line));
  console.table(results);
  const good = results.filter(({ wrong }) => wrong === 0).length;
  console.log(`${good} of ${results.length} had blue back as it was; seed ${seed}`);
  return good === results.length;
}

/** Emulated machines with a firmware of their own: see test/soak/metal.ts. */
async function metal(rounds: number | undefined): Promise<boolean> {
  const results = await metalRounds(rounds, (line) => console.log(line));
  const passed = results.filter((result) => result.passed).length;
  console.log(`${passed} of ${results.length} as they have to be, each with BIOS and with UEFI`);
  return passed === results.length;
}

/** Stories of one machine, its boot service and its deployers: see modules/boot/model. */
async function orders(runs: number): Promise<boolean> {
  console.log(`${runs} stories of orders, seed ${seed}`);
  const started = performance.now();
  const wrong = await checkOrders({ runs, seed });
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  console.log(
    wrong ?? `no machine in service was wiped, and all ended installed: ${runs} stories, ${seconds} s`,
  );
  return wrong === undefined;
}

/** Replacements of clusters that are killed, aborted, and lose machines: see modules/rollout/model. */
async function rollout(runs: number): Promise<boolean> {
  console.log(`${runs} replacements, seed ${seed}`);
  const started = performance.now();
  const played = await checkRollouts({ runs, seed });
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  if (typeof played === "string") console.log(played);
  else {
    console.table(played);
    console.log(`each ended with one healthy cluster, and every machine held once: ${seconds} s`);
  }
  return typeof played !== "string";
}

/** Processes that write to the boot service's folder, killed: see modules/boot/store/crash.ts. */
async function store(rounds: number): Promise<boolean> {
  console.log(`${rounds} rounds in which two writers are killed, seed ${seed}`);
  let state = seed || 1;
  const random = () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
  try {
    const { kills, acknowledged } = await crashRounds(rounds, random);
    console.log(
      `${acknowledged} writes were acknowledged before ${kills} kills, and none is lost or in part`,
    );
    return true;
  } catch (error) {
    console.log(`seed ${seed}: ${error instanceof Error ? error.message : error}`);
    return false;
  }
}

/** Odd inputs for whatever reads what others wrote: see test/fuzz. */
async function fuzz(inputs: number): Promise<boolean> {
  console.log(`${inputs} odd inputs for each parser, seed ${seed}`);
  const go = buildGoParsers();
  try {
    const results = await fuzzParsers({ runs: inputs, seed, go });
    console.table(results);
    console.log(`${results.reduce((sum, { tried }) => sum + tried, 0)} inputs in all; seed ${seed}`);
    return results.every(({ wrong }) => wrong === undefined);
  } finally {
    go.remove();
  }
}
