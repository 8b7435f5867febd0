// What a request says of its machine.
import { parseMac } from "../go/mac.ts";
import { parseQuery } from "../go/query.ts";
import { lower } from "../go/text.ts";

/** @param rawQuery one character a byte */
export function labelsOf(rawQuery: string): Map<string, string> {
  const labels = new Map<string, string>();
  for (const [key, value] of parseQuery(rawQuery)) {
    const mac = lower(key) === "mac" ? parseMac(value) : value;
    // Left out like a MAC that is none. Matchbox takes a line break, and writes it into metadata: a line of its own.
    if (mac !== undefined && !/\p{Cc}/u.test(key + mac)) labels.set(key, mac);
  }
  return labels;
}

/** The Ethernet addresses among them, by which Landfall knows machines: one, in requests of machines. */
export function machinesOf(labels: ReadonlyMap<string, string>): readonly string[] {
  const macs: string[] = [];
  for (const [key, value] of labels) if (lower(key) === "mac" && value.length === 17) macs.push(value);
  return macs;
}
