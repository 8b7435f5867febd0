// Runs the real programs in a project, keeps what they say, and tells all of it when they fail.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { repository } from "./project.ts";

export interface Outcome {
  readonly exitCode: number;
  readonly stdout: string;
  /** stdout and stderr as they came. */
  readonly output: string;
  readonly seconds: number;
}

export interface Running {
  readonly pid: number;
  readonly ended: Promise<Outcome>;
}

/** Starts programs of `node_modules/.bin` in one folder. */
export class Programs {
  readonly logs: string;
  readonly #root: string;
  #count = 0;

  constructor(root: string) {
    this.#root = root;
    this.logs = join(root, "logs");
    mkdirSync(this.logs, { recursive: true });
  }

  /** Its output is kept in `logs`, but for what kubectl prints: that is the cluster's, secrets too. */
  start(program: string, args: readonly string[], input?: string): Running {
    const bin = join(repository, "node_modules/.bin");
    const begun = performance.now();
    this.#count += 1;
    const log = join(this.logs, `${String(this.#count).padStart(2, "0")}-${program}.log`);
    const child = execa(join(bin, program), args, {
      cwd: this.#root,
      env: { PATH: `${bin}:${process.env.PATH}`, CHECKPOINT_DISABLE: "1", CI: "true" },
      all: true,
      reject: false,
      ...(input === undefined ? { stdin: "ignore" as const } : { input }),
    });
    const ended = child.then(({ exitCode, signal, stdout, all, message }) => {
      const output = all ?? message ?? "";
      if (args[0] !== "kubectl") writeFileSync(log, `$ ${program} ${args.join(" ")}\n${output}\n`);
      return {
        exitCode: signal === undefined ? (exitCode ?? 1) : 137,
        stdout: stdout ?? "",
        output,
        seconds: (performance.now() - begun) / 1000,
      };
    });
    return { pid: child.pid ?? 0, ended };
  }
}
