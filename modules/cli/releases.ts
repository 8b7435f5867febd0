// Built releases and tools, as the cache holds them.
import type { Release } from "../release/index.ts";
import { readIfThere } from "./files.ts";
import type { Workspace } from "./workspace.ts";

export function findRelease({ cache }: Workspace, kubernetes: string): Release | undefined {
  const text = readIfThere(`${cache}/fake-release-${kubernetes}.json`);
  return text === undefined ? undefined : JSON.parse(text);
}
export function providerMirror({ cache }: Workspace): string | undefined {
  return `${cache}/mirror`;
}
export function kubectlPath(_: Workspace): string {
  return "kubectl";
}
