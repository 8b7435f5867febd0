import { ensurePki } from "../../pki/index.ts";
import type { Invocation } from "../main.ts";
import { printJson, table } from "../output.ts";
import { planOf } from "../project.ts";
import { pkiDir } from "../workspace.ts";

export async function pkiShowCommand({ workspace, json }: Invocation, cluster: string): Promise<undefined> {
  const plan = planOf(workspace, cluster);
  const { generation, authorities, certificates } = ensurePki(plan, pkiDir(workspace, cluster), new Date());
  const issued = plan.certificates.map(({ id, commonName, authority, machine }) => {
    const { fingerprint = "", notAfter = "" } = certificates[id] ?? {};
    return { id, commonName, authority, machine, notAfter, fingerprint };
  });
  if (json) {
    const roots = Object.entries(authorities).map(([name, { fingerprint }]) => [name, fingerprint]);
    return printJson({ cluster, generation, authorities: Object.fromEntries(roots), certificates: issued });
  }
  const rows = issued.map((each) => [
    each.id,
    each.commonName,
    each.authority,
    each.notAfter.slice(0, 10),
    each.fingerprint.slice(0, 16),
  ]);
  process.stdout.write(`${table([["CERTIFICATE", "NAME", "AUTHORITY", "UNTIL", "SHA-256"], ...rows])}\n`);
}
