// Replacements of whole clusters in a chain, each with a kill -9 of the command and a power cut of a machine at random
// moments; and an abort out of each step of one.
import { setTimeout as delay } from "node:timers/promises";
import { pointOfNoReturn } from "../../modules/rollout/index.ts";
import { eventually } from "../lab/harness/eventually.ts";
import type { Running } from "../lab/harness/program.ts";
import { claimOf, killUpgrade, runningStep } from "../lab/support/replacement.ts";
import { random } from "../support/random.ts";
import { Chain, type Counted, type Death, type Version, versionOf } from "./chain.ts";

type Say = (line: string) => void;

export interface Replaced {
  readonly replaced: string;
  /** The step that ran, and seconds after the beginning. */
  readonly kill: string;
  readonly cut: string;
  /** Seconds from the cut until its work was done again. */
  readonly dead: string;
  /** How often the command was started until it ended well. */
  readonly runs: number;
  readonly seconds: string;
  readonly requests: number;
  readonly failed: number;
  readonly explained: number;
  readonly increments: number;
  readonly wrong: number;
}

/** Seconds of the first replacement in which a kill and a cut come; of later ones, as many as the quickest before took. */
const firstSpan = 80;
const mostRuns = 6;
/** That somebody waits for a machine that they have switched on, before they run the command again. */
const mendSeconds = 40;

/** A round that is not as it has to be ends the soak, with all that is wrong. */
export async function replaceRounds(rounds: number, seed: number, say: Say): Promise<readonly Replaced[]> {
  const next = random(seed);
  const chain = await Chain.open("replace");
  const results: Replaced[] = [];
  try {
    say(`lab-v1 has landed, and its work is asked for`);
    while (results.length < rounds && (results.at(-1)?.wrong ?? 0) === 0) {
      const span = Math.min(firstSpan, ...results.map(({ seconds }) => Number(seconds))) * 0.9;
      const result = await replaceRound(chain, results.length + 1, { next, span, say });
      results.push(result);
      say(`${results.length}: ${JSON.stringify(result)}`);
    }
    say(
      `machines served in: ${[...chain.served].map(([name, in_]) => `${name}: ${[...new Set(in_)].join(", ")}`).join("; ")}`,
    );
    const once = [...chain.served].filter(([, clusters]) => new Set(clusters).size < 2);
    if (results.length >= 3 && once.length > 0) throw new Error(`served once: ${once.map(([name]) => name)}`);
  } finally {
    await chain.close();
  }
  return results;
}

async function replaceRound(
  chain: Chain,
  number: number,
  { next, span, say }: { readonly next: () => number; readonly span: number; readonly say: Say },
): Promise<Replaced> {
  const [blue, green] = [versionOf(number), versionOf(number + 1)];
  const before = chain.count();
  chain.prepare(blue, green);
  const begun = performance.now();
  const since = () => (performance.now() - begun) / 1000;
  const at = () => `${runningStep(chain.rack, green.name) ?? "no step"} after ${since().toFixed(1)} s`;
  const over = new AbortController();
  const { signal } = over;
  const moments = { kill: next() * span, cut: next() * span, which: next(), back: 2 + next() * 8 };
  let running: Running | undefined;
  let kill = "none";
  const killer = delay(moments.kill * 1000, undefined, { signal }).then(
    () => {
      if (running === undefined) return;
      kill = at();
      say(`   kill in ${kill}`);
      process.kill(running.pid, "SIGKILL");
    },
    () => {},
  );
  const accident = new Accident(chain, moments, (death) => {
    say(`   ${death.at.toISOString()}: power cut of ${death.machine} of ${death.version.cluster} in ${at()}`);
    return at();
  });
  const wrong: string[] = [];
  const accidentOver = accident.happen([blue, green], signal).catch((error: unknown) => {
    wrong.push(String(error));
  });

  let runs = 0;
  for (let ended = false; !ended; ) {
    runs += 1;
    running = chain.rack.startLandfall("upgrade", "lab", "--to", green.name);
    const { exitCode, output } = await running.ended;
    running = undefined;
    if (exitCode === 137) continue;
    ended = exitCode === 0;
    if (ended) continue;
    say(`   run ${runs} ended with ${exitCode} in ${at()}:\n${lastLines(output, 12)}`);
    // What died is mended, as the command says, and it is run again. What it did may be done again by that only.
    if (accident.death !== undefined && runs < mostRuns)
      await Promise.race([accidentOver, accident.isBack.then(() => delay(mendSeconds * 1000))]);
    else {
      wrong.push(`run ${runs} ended with ${exitCode}`);
      ended = true;
    }
  }
  const seconds = since();
  over.abort();
  await Promise.all([killer, accidentOver]);
  if (wrong.length === 0) wrong.push(...(await chain.whatIsWrong(green, blue)));
  const after = chain.count();
  wrong.push(...after.wrong, ...describeFailed(after));
  const healed = accident.death?.healed;
  if (healed !== undefined) say(`   ${healed.toISOString()}: its work is done again`);
  for (const each of wrong) say(`   wrong: ${each}`);
  if (wrong.length > 0) say(chain.rack.lastWords());
  else chain.forget(blue, green);
  return {
    replaced: `${blue.name} by ${green.name}`,
    ...{ kill, cut: accident.what, dead: accident.seconds, runs, seconds: seconds.toFixed(1) },
    requests: after.requests - before.requests,
    failed: after.failed.length,
    explained: after.explained - before.explained,
    increments: after.increments - before.increments,
    wrong: wrong.length,
  };
}

interface Moments {
  /** Seconds. */
  readonly cut: number;
  /** Of the machines, in [0, 1). */
  readonly which: number;
  /** Seconds. */
  readonly back: number;
}

/** A machine loses power, and somebody who knows nothing of what is going on switches it on again. */
class Accident {
  what = "none";
  death: Death | undefined;
  /** Settled when there is power again. */
  readonly isBack: Promise<void>;
  #back: () => void = () => {};
  readonly #chain: Chain;
  readonly #moments: Moments;
  readonly #tell: (death: Death) => string;

  constructor(chain: Chain, moments: Moments, tell: (death: Death) => string) {
    this.#chain = chain;
    this.#moments = moments;
    this.#tell = tell;
    this.isBack = new Promise((resolve) => {
      this.#back = resolve;
    });
  }

  /** Returns when its work is done again. One that has not happened when the signal comes does not happen. */
  async happen(versions: readonly Version[], signal: AbortSignal): Promise<void> {
    const { cut, which, back } = this.#moments;
    try {
      await delay(cut * 1000, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      const death = await cutOne(this.#chain, versions, which);
      if (death === undefined) return;
      this.death = death;
      this.what = `${death.machine} of ${death.version.name} in ${this.#tell(death)}`;
      await delay(back * 1000);
      // A machine that is nobody's stays off.
      if (claimOf(this.#chain.rack, death.machine) !== undefined)
        await this.#chain.rack.lab.powerOn([death.machine]);
      this.#back();
      const isHealed = async () => (await this.#chain.isHealed(death)) || undefined;
      await eventually(`the work of ${death.machine}`, 300, isHealed, 500);
      death.healed = new Date();
    } finally {
      this.#back();
    }
  }

  /** From the cut until its work was done again. */
  get seconds(): string {
    const { at, healed } = this.death ?? {};
    return at === undefined || healed === undefined
      ? "-"
      : ((healed.getTime() - at.getTime()) / 1000).toFixed(1);
  }
}

/** Cuts the power of one of the machines that are on and somebody's. */
async function cutOne(chain: Chain, versions: readonly Version[], which: number): Promise<Death | undefined> {
  const { machines } = await chain.rack.lab.status();
  const candidates = machines.flatMap(({ name, power }) => {
    const holder = claimOf(chain.rack, name)?.holder;
    const version = versions.find(({ cluster }) => cluster === holder);
    return power === "On" && version !== undefined ? [{ machine: name, version }] : [];
  });
  const chosen = candidates[Math.floor(which * candidates.length)];
  if (chosen === undefined) return undefined;
  const death: Death = { ...chosen, at: new Date() };
  chain.deaths.push(death);
  await chain.rack.lab.cutPower([chosen.machine]);
  return death;
}

export interface Aborted {
  /** The step that ran when the command was killed. */
  readonly step: string;
  /** Of the abort. */
  readonly seconds: string;
  readonly requests: number;
  readonly failed: number;
  readonly increments: number;
  readonly wrong: number;
}

/** Seconds into a step until which it is there to be killed in; at once in those that are not here. */
const most: Readonly<Record<string, number>> = {
  ...{ land: 12, soak: 1, "wave-1": 6, migrate: 5, canary: 2, "cut-over": 1.5, hold: 2.5 },
};

/** Kills the command in each step before the point of no return, at a random moment of it, and has blue back each time. */
export async function abortRounds(times: number, seed: number, say: Say): Promise<readonly Aborted[]> {
  const next = random(seed);
  const chain = await Chain.open("aborts");
  const [blue, green] = [versionOf(1), versionOf(2)];
  const results: Aborted[] = [];
  try {
    chain.prepare(blue, green);
    const { stdout } = await chain.rack.landfall("upgrade", "lab", "--to", green.name, "--dry-run", "--json");
    const { plan } = JSON.parse(stdout);
    const steps: string[] = plan.steps.slice(0, pointOfNoReturn(plan)).map(({ id }: { id: string }) => id);
    say(`to be aborted in: ${steps.join(", ")}`);
    for (const step of Array.from({ length: times }, () => steps).flat()) {
      if ((results.at(-1)?.wrong ?? 0) > 0) break;
      const result = await abortRound(chain, [blue, green], step, next() * (most[step] ?? 0));
      say(JSON.stringify(result.row));
      for (const each of result.wrong) say(`   wrong: ${each}`);
      if (result.wrong.length > 0) say(chain.rack.lastWords());
      results.push(result.row);
    }
  } finally {
    await chain.close();
  }
  return results;
}

async function abortRound(
  chain: Chain,
  [blue, green]: readonly [Version, Version],
  step: string,
  moment: number,
): Promise<{ row: Aborted; wrong: readonly string[] }> {
  const { rack } = chain;
  const before = chain.count();
  let until: number | undefined;
  let killed = "nothing";
  const { exitCode, output } = await killUpgrade(rack, green.name, step, () => {
    const running = runningStep(rack, green.name);
    if (until === undefined && running === step) until = performance.now() + moment * 1000;
    if (until === undefined || (performance.now() < until && running === step)) return false;
    killed = running ?? "between two steps";
    return true;
  });
  const wrong =
    exitCode === 137 ? [] : [`the command was not killed in ${step}, and ended with ${exitCode}:\n${output}`];
  const back = await rack.tryLandfall("upgrade", "lab", "--to", green.name, "--abort");
  if (back.exitCode !== 0) wrong.push(`the abort ended with ${back.exitCode}: ${back.output}`);
  else wrong.push(...(await chain.whatIsWrong(blue, green)));
  const after = chain.count();
  wrong.push(...after.wrong, ...describeFailed(after));
  const row = {
    step: `${killed}, ${moment.toFixed(1)} s after ${step} began`,
    seconds: back.seconds.toFixed(1),
    requests: after.requests - before.requests,
    failed: after.failed.length - before.failed.length,
    increments: after.increments - before.increments,
    wrong: wrong.length,
  };
  return { row, wrong };
}

function describeFailed({ failed }: Counted): string[] {
  return failed.slice(0, 10).map((each) => `request failed: ${JSON.stringify(each)}`);
}

function lastLines(text: string, count: number): string {
  return text.trimEnd().split("\n").slice(-count).join("\n");
}
