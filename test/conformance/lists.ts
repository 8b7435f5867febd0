// The lists of specs: what is run, and what is left out and why.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";

function read(name: string): string {
  return readFileSync(join(import.meta.dirname, name), "utf8");
}

function lines(name: string): readonly string[] {
  return read(name)
    .split("\n")
    .filter((line) => line !== "");
}

/** Full names of all specs that are run against a cluster, sorted. */
export const specs = lines("specs.txt");

/** Those of them that `npm test` runs: few minutes, all areas. */
export const shortSpecs = lines("short.txt");

/** Names of the conformance specs that are not run, by the reason. */
export const leftOut: Readonly<Record<string, readonly string[]>> = parse(read("left-out.yaml"));

/**
 * Names of the specs that upstream itself knows to lose a race now and then; the file says the reason. One that fails is
 * tried once more, alone, and both are told.
 */
export const races = Object.values(parse(read("races.yaml")) as Record<string, readonly string[]>).flat();
