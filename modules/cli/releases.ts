// Built releases and tools, as the cache holds them.
import { type Release, resolveRelease, resolveTools, type Tools } from "../release/index.ts";
import { LandfallError } from "../spec/error.ts";
import type { Workspace } from "./workspace.ts";

/** A release that is built, or undefined. */
export function findRelease({ cache }: Workspace, kubernetes: string): Release | undefined {
  return resolveRelease(kubernetes, cache);
}

/** Folder of the Terraform providers that set-up built, or undefined before it did. */
export function providerMirror({ cache }: Workspace): string | undefined {
  return resolveTools(cache)?.terraformMirror;
}

/** @throws {LandfallError} `tools-not-built` */
export function tools({ cache }: Workspace): Tools {
  const found = resolveTools(cache);
  if (found !== undefined) return found;
  throw new LandfallError("tools-not-built", "the tools of this version are not built", {
    expected: `kubectl and others in ${cache}`,
    next: "npx landfall release build",
  });
}
