// The one question that the wire asks of orders.
import type { BootAnswer } from "./machine/types.ts";

export interface BootGate {
  /**
   * What this machine boots now; takes its armed order, atomically and durably, before it answers. `undefined`: a
   * machine that Landfall does not know, which is answered as Matchbox would.
   * @param mac lower case, joined with ':'
   */
  boot(mac: string): Promise<BootAnswer | undefined>;
  /** Without taking anything: the same question for Ignition and metadata. */
  peek(mac: string): Promise<BootAnswer | undefined>;
}
