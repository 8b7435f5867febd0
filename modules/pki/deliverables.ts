// What each machine gets of the PKI, and nothing that it has no use for: authorities' keys never leave the store.
import type { CertificateRequest, MachinePlan } from "../plan/index.ts";
import type { Entry } from "./entry.ts";
import { pkiFolder } from "./fingerprint.ts";
import type { Roots } from "./roots.ts";
import type { DeliveredFile } from "./types.ts";

const publicMode = 0o644;
const secretMode = 0o600;

/** The files of one machine, in the order of their paths. `requests` are those of this machine. */
export function filesOf(
  machine: Pick<MachinePlan, "role">,
  roots: Roots,
  requests: readonly CertificateRequest[],
  leaf: (id: string) => Entry,
): readonly DeliveredFile[] {
  const files = [file(`${pkiFolder}/ca.crt`, publicMode, roots.authorities.kubernetes.certificate)];
  if (machine.role === "master")
    files.push(
      file(`${pkiFolder}/etcd/ca.crt`, publicMode, roots.authorities.etcd.certificate),
      file(`${pkiFolder}/front-proxy-ca.crt`, publicMode, roots.authorities["front-proxy"].certificate),
      file(`${pkiFolder}/sa.pub`, publicMode, roots.serviceAccount.public),
      file(`${pkiFolder}/sa.key`, secretMode, roots.serviceAccount.key),
      file(`${pkiFolder}/encryption.yaml`, secretMode, roots.encryption),
    );
  for (const { id, target } of requests) {
    if (target === undefined) continue;
    const { certificate, key } = leaf(id);
    files.push(file(`${target}.crt`, publicMode, certificate), file(`${target}.key`, secretMode, key));
  }
  return files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

function file(path: string, mode: number, text: string): DeliveredFile {
  return { path, mode, contents: Buffer.from(text) };
}
