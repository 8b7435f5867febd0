// The way to a site's boot service, with the credentials that its file names.
import { readFile } from "node:fs/promises";
import { type BootClient, bootClient } from "../boot/index.ts";
import type { BootPlan } from "../plan/index.ts";

/** @param patienceSeconds how long a service that does not answer is waited for */
export async function withBootClient<T>(
  { rpc, tls }: BootPlan,
  signal: AbortSignal,
  work: (client: BootClient) => Promise<T>,
  patienceSeconds = 60,
): Promise<T> {
  const [ca, cert, key] = await Promise.all([pem(tls.ca), pem(tls.cert), pem(tls.key)]);
  const client = bootClient({ endpoint: rpc, ca, cert, key, patienceSeconds, signal });
  try {
    return await work(client);
  } finally {
    client.close();
  }
}

function pem(path: string): Promise<string> {
  return readFile(path, "utf8");
}
