// What people read of a migration.
import type { LeftOut } from "./draft.ts";
import type { MovedPort } from "./node-ports.ts";
import { problemText } from "./prepare.ts";
import type { Requests } from "./requests.ts";
import type { MigrationPlan, MigrationResult, Outcome } from "./types.ts";

export function formatPlan(plan: MigrationPlan): string {
  const kinds = [...Map.groupBy(plan.objects, ({ stage }) => stage)].map(
    ([stage, objects]) => `  ${stage}: ${countByKind(objects.map(({ object }) => object))}`,
  );
  return sections([
    ["Copied, in this order:", kinds],
    ["Left out:", formatLeftOut([...plan.leftOut, ...wholeKinds(plan.leftOutKinds)])],
    ["Moved, because it may run on one side only:", plan.groups.flatMap(formatGroup)],
    ["Node ports that are taken in green:", plan.movedPorts.map(formatPort)],
    ["Only in green, and left alone:", plan.onlyInGreen.map(indented)],
    ["Asked of machines:", formatRequests(plan)],
    ["In the way (nothing is copied while there is any):", plan.blockers.map(problemText).map(indented)],
  ]);
}

export function formatResult(result: MigrationResult): string {
  const of = (wanted: Outcome["outcome"]) => result.outcomes.filter(({ outcome }) => outcome === wanted);
  const left = of("left out").map(({ object, reason = "" }) => ({ object, reason }));
  return sections([
    ["Left out:", formatLeftOut([...left, ...wholeKinds(result.leftOutKinds)])],
    ["Different in green:", result.outcomes.flatMap(formatDifferences)],
    ["Node ports that were taken in green:", result.movedPorts.map(formatPort)],
    ["Only in green, and left alone:", result.onlyInGreen.map(indented)],
    ["Blocked:", of("blocked").map(({ object, reason }) => indented(`${object}: ${reason}`))],
    [
      `${of("copied").length} copied, ${of("same").length} the same already, ${left.length} left out, ${of("blocked").length} blocked`,
      undefined,
    ],
  ]);
}

function sections(parts: readonly (readonly [string, readonly string[] | undefined])[]): string {
  return parts
    .filter(([, lines]) => lines === undefined || lines.length > 0)
    .map(([title, lines = []]) => [title, ...lines].join("\n"))
    .join("\n\n");
}

/** Told together where the reason is the same. */
function formatLeftOut(leftOut: readonly LeftOut[]): string[] {
  return [...Map.groupBy(leftOut, ({ reason }) => reason)].map(([reason, alike]) => {
    const names = alike.map(({ object }) => object);
    const shown = names.slice(0, 4).join(", ");
    return indented(
      names.length <= 4 ? `${shown}: ${reason}` : `${shown} and ${names.length - 4} more: ${reason}`,
    );
  });
}

function wholeKinds(kinds: MigrationPlan["leftOutKinds"]): LeftOut[] {
  return kinds.map(({ kind, reason }) => ({ object: `all ${kind}`, reason }));
}

function formatGroup({ name, steps, released }: MigrationPlan["groups"][number]): string[] {
  return [
    indented(`${name}${released ? " (blue has let go of it)" : ""}`),
    ...steps.map((step) => `    ${step}`),
  ];
}

function formatPort({ service, port, blue, green }: MovedPort): string {
  return indented(`${service} port ${port}: ${blue} becomes ${green ?? "one that green chooses"}`);
}

function formatDifferences({ object, differences = [] }: Outcome): string[] {
  if (differences.length === 0) return [];
  const shown = differences.map(({ path, why }) => `    ${path}: ${why}`);
  return [indented(object), ...shown];
}

function formatRequests({ requests: { total, perNode, largest } }: MigrationPlan): string[] {
  return [
    `  all together: ${requestText(total)} in ${total.pods} pods`,
    `  on each machine (DaemonSets): ${requestText(perNode)} in ${perNode.pods} pods`,
    `  the largest pod: ${requestText(largest)}`,
  ];
}

function requestText({ cpuMillis, memoryBytes }: Requests): string {
  return `${(cpuMillis / 1000).toFixed(2)} cores, ${Math.ceil(memoryBytes / 2 ** 20)} MiB`;
}

function countByKind(names: readonly string[]): string {
  const kinds = Map.groupBy(names, (name) => name.slice(0, name.indexOf(" ")));
  return [...kinds].map(([kind, all]) => `${all.length} ${kind}`).join(", ");
}

function indented(text: string): string {
  return `  ${text}`;
}
