import { readFileSync } from "node:fs";

/** The receiver, to be installed as /usr/lib/landfall/receive (0755) and forced on the delivery key. */
export function receiveScript(): string {
  return readFileSync(new URL("receive.sh", import.meta.url), "utf8");
}
