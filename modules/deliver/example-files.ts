// Deliveries for the tests of this module.
import type { DeliveredFile } from "../pki/index.ts";

const pki = "/etc/kubernetes/pki";

/** What a master gets, in kind; `edition` tells one delivery from the next. */
export function exampleFiles(edition: string): DeliveredFile[] {
  const file = (path: string, mode: number) => ({
    path: `${pki}/${path}`,
    mode,
    contents: Buffer.from(`${path} ${edition}\n`.repeat(60)),
  });
  return [
    file("apiserver.crt", 0o644),
    file("apiserver.key", 0o600),
    file("ca.crt", 0o644),
    file("encryption.yaml", 0o600),
    file("etcd/ca.crt", 0o644),
    file("etcd/peer.key", 0o600),
    file("sa.pub", 0o644),
  ];
}
