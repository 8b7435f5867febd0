import { readFileSync } from "node:fs";

export type Script =
  | "firstboot"
  | "stages"
  | "first-objects"
  | "apiserver-ready"
  | "keepalived-config"
  | "addresses";

/** A script that runs on machines; kept as a file of its own so that shell tools can read it. */
export function script(name: Script): string {
  return readFileSync(new URL(`./scripts/${name}.sh`, import.meta.url), "utf8");
}
