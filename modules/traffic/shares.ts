import { LandfallError } from "../spec/error.ts";

/** @throws {LandfallError} `share-impossible` */
export function requireShare(share: number, shares: readonly number[]): void {
  if (shares.includes(share)) return;
  throw new LandfallError("share-impossible", `this driver cannot give green ${share} % of the traffic`, {
    found: String(share),
    expected: shares.length === 101 ? "a whole number from 0 to 100" : `one of ${shares.join(", ")}`,
    next: "ask for one of these, or steer the traffic by a driver that can (docs/traffic.md)",
  });
}
