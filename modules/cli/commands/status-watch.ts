// `landfall status --watch`: the same, for as long as somebody looks.
import type { Invocation } from "../main.ts";
import { exit } from "../output.ts";
import { readRunOf } from "../replacement-status.ts";
import { frame } from "../watch/frame.ts";
import { changeJson, changeLine } from "../watch/lines.ts";
import { openScreen } from "../watch/screen.ts";
import {
  followBootService,
  followReplacements,
  pollConditions,
  pollMachines,
  type Source,
} from "../watch/sources.ts";
import { allMachines, changes, provenAt, type Watched } from "../watch/watched.ts";

export async function statusWatchCommand(
  { workspace, json, signal }: Invocation,
  cluster: string,
): Promise<number> {
  let { plan } = readRunOf(workspace, cluster);
  const show = json || !process.stdout.isTTY ? lines(json) : terminal(workspace.env.NO_COLOR === undefined);
  let watched: Watched = {
    cluster,
    machines: [],
    conditions: [],
    replacements: [],
    gone: false,
    checked: undefined,
    troubles: [],
  };
  const troubles = new Map<string, string>();
  const update = (news: Partial<Watched>) => {
    watched = { ...watched, ...news };
    show.update(watched);
  };
  const source = (name: string): Source => ({
    workspace,
    plan: () => plan,
    deployed(next) {
      plan = { ...next, machines: allMachines(plan.machines, next.machines) };
    },
    signal,
    tell: update,
    proven: () => provenAt(watched),
    trouble(what) {
      if (troubles.get(name) === what) return;
      if (what === undefined) troubles.delete(name);
      else troubles.set(name, what);
      update({ troubles: [...troubles.values()] });
    },
  });
  try {
    show.update(watched);
    const machines = plan.boot.service === "landfall" ? followBootService : pollMachines;
    await Promise.all([
      machines(source("machines")),
      followReplacements(source("replacements")),
      pollConditions(source("conditions")),
    ]);
  } finally {
    show.close();
  }
  // It has no end of its own: it was interrupted.
  return exit.interrupted;
}

interface Show {
  readonly update: (watched: Watched) => void;
  readonly close: () => void;
}

function terminal(colour: boolean): Show {
  const { stdout } = process;
  const screen = openScreen({ write: (text) => stdout.write(text) });
  const size = () => ({ columns: stdout.columns || 80, rows: stdout.rows || 24, colour });
  let watched: Watched | undefined;
  const draw = () => {
    if (watched !== undefined) screen.draw(frame(watched, new Date(), size()));
  };
  const ticker = setInterval(draw, 1000);
  stdout.on("resize", draw);
  // A second interruption ends the process as it stands; the terminal is left as it was all the same.
  process.once("exit", screen.close);
  return {
    update(next) {
      watched = next;
      draw();
    },
    close() {
      clearInterval(ticker);
      stdout.off("resize", draw);
      process.off("exit", screen.close);
      screen.close();
      // What was seen last stays.
      if (watched !== undefined) stdout.write(`${frame(watched, new Date(), size()).join("\n")}\n`);
    },
  };
}

function lines(json: boolean): Show {
  const begun = performance.now();
  let before: Watched | undefined;
  return {
    update(after) {
      for (const change of changes(before, after)) {
        const seconds = (performance.now() - begun) / 1000;
        process.stdout.write(`${json ? changeJson(change, new Date()) : changeLine(change, seconds)}\n`);
      }
      before = after;
    },
    close: () => {},
  };
}
