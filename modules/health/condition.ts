import type { Api } from "../kubernetes/index.ts";
import type { PublicPki } from "../pki/index.ts";
import type { Plan } from "../plan/index.ts";

/** What conditions may ask. All of it reads; nothing changes the cluster. */
export interface HealthContext {
  readonly plan: Plan;
  readonly pki: Pick<PublicPki, "authorities" | "certificates">;
  /** Whichever apiserver answers; `only` reaches one by itself. */
  readonly api: Api;
  /** The members of etcd, asked with a client certificate of etcd's own authority. Default: only through the apiservers. */
  readonly etcd?: Api;
  /** For certificates only; what the cluster does is judged by the cluster's clock. */
  readonly now: () => Date;
  /** What a machine last said or did, as a line for people. Asked only when a failure is reported. */
  readonly lastHeard: (machine: string) => Promise<string>;
}

/** What one check found. */
export interface Finding {
  readonly ok: boolean;
  /** What was seen, in one line, also when it holds. */
  readonly evidence: string;
  /** Machines that gave no sign of life here: what was last heard of them belongs to the evidence. */
  readonly silent?: readonly string[];
}

export interface Condition {
  /** Stable, kebab-case. */
  readonly name: string;
  /** What holds when it holds, as a sentence. */
  readonly describe: string;
  /** What a person does when it does not hold. */
  readonly next: string;
  /** Name of the condition without which this one cannot hold: until that holds, asking would be work for nothing. */
  readonly after?: string;
  /** A rejection means that it does not hold, and its message is the evidence. */
  readonly check: (context: HealthContext, signal?: AbortSignal) => Promise<Finding>;
}

/** What is wrong with one machine, or one part. */
export interface Problem {
  readonly who?: string;
  readonly what: string;
  /** Whether `who` is a machine that gave no sign of life. */
  readonly silent?: boolean;
}

/** Of many things, those that fail make the evidence, told together where it is the same; if none does, `all` does. */
export function everyOne(problems: readonly Problem[], all: string): Finding {
  if (problems.length === 0) return { ok: true, evidence: all };
  const evidence = [...Map.groupBy(problems, ({ what }) => what)].map(([what, alike]) => {
    const who = alike.map((problem) => problem.who).filter((name) => name !== undefined);
    return who.length === 0 ? what : `${who.join(", ")}: ${what}`;
  });
  const silent = problems.flatMap((problem) => (problem.silent && problem.who ? [problem.who] : []));
  return { ok: false, evidence: evidence.join("; "), ...(silent.length > 0 && { silent }) };
}
