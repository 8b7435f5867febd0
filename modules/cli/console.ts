// What a machine's console tells. Pure.
import { stripVTControlCharacters } from "node:util";
import { harmless } from "./watch/text.ts";

/** The last stage that a machine announced. */
export function stageOf(console: string | undefined): string | undefined {
  return [...(console ?? "").matchAll(/^landfall: stage ([a-z0-9-]+)\s*$/gm)].at(-1)?.[1];
}

/** Why its last boot failed, in the installer's words; undefined if it did not, so far. */
export function failureOf(console: string | undefined): string | undefined {
  const boot = (console ?? "").split(/^landfall: stage (?:firmware|boot)\s*$/m).at(-1) ?? "";
  return [...boot.matchAll(/^landfall: failed: (.*?)\s*$/gm)].at(-1)?.[1];
}

/** What was last heard of a machine, in a line. */
export function lastHeard(power: "on" | "off", console: string | undefined): string {
  if (console === undefined) return `power ${power}; its BMC shows no console`;
  const lines = console.split(/[\r\n]+/).map((line) => harmless(stripVTControlCharacters(line)).trim());
  const last = lines.findLast((line) => line !== "")?.slice(0, 200) ?? "none";
  return `power ${power}; last stage ${stageOf(console) ?? "none"}; last line on its console: ${last}`;
}
