// The person's own tool fills green: what they name is waited for.
import { type Api, reason } from "../kubernetes/index.ts";
import { LandfallError, type WorkloadsSpec } from "../spec/index.ts";
import { apiVersionOf, discoverKinds, type Kind, type Kinds } from "./kinds.ts";
import { at, listOf, textAt } from "./objects.ts";
import { clockOf, getObject, type Patience, pause } from "./write.ts";

export type GitOps = NonNullable<WorkloadsSpec["gitops"]>;
export type GitOpsCondition = GitOps["conditions"][number];

export interface ConditionState {
  /** As `Kustomization flux-system/apps Ready`. */
  readonly condition: string;
  readonly holds: boolean;
  /** What was seen, in one line. */
  readonly evidence: string;
}

export interface GitOpsOptions extends Patience {
  /** Green. */
  readonly to: Api;
  readonly gitops: GitOps;
  readonly onProgress?: ((line: string) => void) | undefined;
}

const standardTimeout = 1800;
const intervalMs = 2000;

/** Looks once. */
export async function checkConditions({ to, gitops, signal }: GitOpsOptions): Promise<ConditionState[]> {
  let kinds: Kinds | LandfallError;
  try {
    kinds = await discoverKinds(to, { signal });
  } catch (error) {
    signal?.throwIfAborted();
    return gitops.conditions.map((condition) => state(condition, false, reason(error)));
  }
  return Promise.all(gitops.conditions.map((condition) => checkOne(to, kinds, condition, signal)));
}

/** Waits until all hold. @throws {LandfallError} `gitops-timeout` with what each of the others shows. */
export async function waitForConditions(options: GitOpsOptions): Promise<readonly ConditionState[]> {
  const { gitops, onProgress = () => {} } = options;
  const seconds = gitops.timeout ?? standardTimeout;
  const deadline = clockOf(options) + seconds * 1000;
  let said: readonly string[] = [];
  for (;;) {
    const states = await checkConditions(options);
    const missing = states.filter(({ holds }) => !holds);
    const lines = states.map(({ condition, evidence }) => `${condition}: ${evidence}`);
    for (const line of lines.filter((each) => !said.includes(each))) onProgress(line);
    said = lines;
    if (missing.length === 0) return states;
    if (clockOf(options) > deadline) {
      throw new LandfallError(
        "gitops-timeout",
        `${missing.length} of ${states.length} conditions do not hold in green after ${seconds} s`,
        {
          found: missing.map(({ condition, evidence }) => `${condition}: ${evidence}`).join("\n"),
          expected: "all conditions of `replacement.workloads.gitops`",
          next: "see to your tool in green, then run it again",
        },
      );
    }
    await pause(options, intervalMs);
  }
}

async function checkOne(
  to: Api,
  kinds: Kinds,
  condition: GitOpsCondition,
  signal: AbortSignal | undefined,
): Promise<ConditionState> {
  const kind = [...kinds.byId.values()].find(({ id, kind: name }) => [id, name].includes(condition.kind));
  if (kind === undefined) return state(condition, false, "green serves no such kind");
  try {
    return await lookAt(to, kind, condition, signal);
  } catch (error) {
    signal?.throwIfAborted();
    return state(condition, false, reason(error));
  }
}

async function lookAt(
  to: Api,
  kind: Kind,
  condition: GitOpsCondition,
  signal: AbortSignal | undefined,
): Promise<ConditionState> {
  const object = await getObject(
    to,
    kind,
    {
      apiVersion: apiVersionOf(kind, kind.versions[0]!),
      kind: kind.kind,
      metadata: {
        name: condition.name,
        ...(condition.namespace !== undefined && { namespace: condition.namespace }),
      },
    },
    signal,
  );
  return object === undefined ? state(condition, false, "is not there") : judge(condition, object);
}

/** Whether an object shows what it should. Pure. */
export function judge(condition: GitOpsCondition, object: unknown): ConditionState {
  const wanted = condition.value ?? "True";
  if (condition.field !== undefined) {
    const found = at(object, ...condition.field.split("."));
    return state(
      condition,
      String(found) === wanted,
      `${condition.field} is ${String(found ?? "not there")}`,
    );
  }
  const found = listOf(at(object, "status", "conditions")).find(
    (each) => textAt(each, "type") === condition.condition,
  );
  if (found === undefined) return state(condition, false, `has no condition ${condition.condition} yet`);
  // A condition that was last judged on an older text says nothing of this one.
  const [judged, written] = [at(found, "observedGeneration"), at(object, "metadata", "generation")];
  if (typeof judged === "number" && typeof written === "number" && judged < written) {
    return state(condition, false, `was judged at generation ${judged}, and is at ${written}`);
  }
  const why = textAt(found, "message") ?? textAt(found, "reason") ?? "";
  const status = textAt(found, "status") ?? "unknown";
  return state(
    condition,
    status === wanted,
    [`${condition.condition} is ${status}`, why].filter(Boolean).join(": "),
  );
}

function state(condition: GitOpsCondition, holds: boolean, evidence: string): ConditionState {
  const { kind, namespace, name } = condition;
  const what = condition.condition ?? condition.field ?? "";
  const place = namespace === undefined ? name : `${namespace}/${name}`;
  return { condition: `${kind} ${place} ${what}`.trimEnd(), holds, evidence: evidence.slice(0, 300) };
}
