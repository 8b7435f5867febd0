import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type BootClient, bootClient } from "../../modules/boot/index.ts";
import type { Matchbox } from "./matchbox.ts";

/** A boot service's client, with the certificate that was issued beside it; whoever asks for it closes it. */
export function clientOf(
  { rpc, tls }: Pick<Matchbox, "rpc" | "tls">,
  more: { readonly patienceSeconds?: number } = {},
): BootClient {
  const pem = (name: string) => readFileSync(join(tls, name), "utf8");
  return bootClient({
    endpoint: rpc,
    ca: pem("ca.crt"),
    cert: pem("client.crt"),
    key: pem("client.key"),
    ...more,
  });
}
