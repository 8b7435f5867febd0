import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { type Proof, parseIdentities, restoreArchive, verifyArchive } from "../../archive/index.ts";
import { isAgeRecipient, LandfallError } from "../../spec/index.ts";
import { archiveCluster } from "../archive.ts";
import type { Invocation } from "../main.ts";
import { printJson } from "../output.ts";

export async function archiveCommand(
  { workspace, json, signal }: Invocation,
  cluster: string,
  { out, recipient }: { readonly out?: string; readonly recipient?: readonly string[] },
): Promise<undefined> {
  const recipients = recipient?.map(checkedRecipient);
  const { file, bytes, encrypted, manifest } = await archiveCluster({
    workspace,
    cluster,
    ...(recipients !== undefined && { spec: { recipients: [...recipients] } }),
    ...(out !== undefined && { out }),
    now: new Date(),
    signal,
    say: (line) => process.stderr.write(`${line}\n`),
  });
  const { generation, takenAt, snapshot } = manifest;
  if (json) return printJson({ cluster, file, bytes, encrypted, generation, takenAt, ...snapshot });
  process.stdout.write(`${cluster} is archived: ${file}, ${bytes} bytes\n`);
  const proof = encrypted
    ? `landfall archive verify ${file} --identity FILE`
    : `landfall archive verify ${file}`;
  process.stdout.write(
    encrypted
      ? `Prove that you can read it, then keep a copy elsewhere: ${proof}\n`
      : `IT IS NOT ENCRYPTED, and holds every key of ${cluster}. Prove that it is whole: ${proof}\n`,
  );
}

interface IdentityOption {
  readonly identity?: string;
}

export async function archiveVerifyCommand(
  { json, signal }: Invocation,
  file: string,
  options: IdentityOption,
): Promise<undefined> {
  const proof = await verifyArchive({ file: resolve(file), identities: identitiesOf(options), signal });
  if (json) return printJson({ file: resolve(file), ...summary(proof) });
  const identity = options.identity === undefined ? "" : ` --identity ${options.identity}`;
  process.stdout.write(
    `${describe(proof)}\nIt can be restored: landfall archive restore ${file}${identity} --to FOLDER\n`,
  );
}

export async function archiveRestoreCommand(
  { json, signal }: Invocation,
  file: string,
  { to, ...options }: IdentityOption & { readonly to: string },
): Promise<undefined> {
  const folder = resolve(to);
  const proof = await restoreArchive({
    file: resolve(file),
    identities: identitiesOf(options),
    folder,
    signal,
  });
  const next = nextSteps(proof, folder);
  if (json) return printJson({ file: resolve(file), folder, ...summary(proof), next });
  process.stdout.write(`${describe(proof)}\nIts parts are in ${folder}. What next:\n`);
  for (const { what, command } of next) process.stdout.write(`\n  ${what}\n    ${command}\n`);
}

/** docs/archive.md goes on from these. */
function nextSteps({ manifest }: Proof, folder: string): readonly { what: string; command: string }[] {
  const { cluster, kubernetes, etcd } = manifest;
  return [
    {
      what: `etcd's data again, with etcdutl of etcd ${etcd}:`,
      command: `etcdutl snapshot restore ${join(folder, "etcd-snapshot.db")} --data-dir ${join(folder, "etcd")}`,
    },
    {
      what: `Secrets in it are sealed; kube-apiserver ${kubernetes} reads them with:`,
      command: `--encryption-provider-config=${join(folder, "pki", "encryption.yaml")}`,
    },
    {
      what: `The PKI of ${cluster}, whole, where Landfall looks for it (only while nothing is there):`,
      command: `mv ${join(folder, "pki")} .landfall/pki/${cluster}`,
    },
  ];
}

function describe({ manifest, certificates, snapshotBytes }: Proof): string {
  const { cluster, generation, takenAt, kubernetes, snapshot } = manifest;
  return [
    `${cluster} (landing ${generation}, Kubernetes ${kubernetes}), archived ${takenAt}`,
    `etcd's snapshot: ${snapshotBytes} bytes from ${snapshot.member}, revision ${snapshot.revision} or later; its SHA-256 is right`,
    `PKI: 3 authorities, ${certificates} certificates, each with its key`,
  ].join("\n");
}

function summary({ manifest, certificates, snapshotBytes }: Proof) {
  const { files, ...about } = manifest;
  return { ...about, certificates, snapshotBytes, files: files.length };
}

function identitiesOf({ identity }: IdentityOption): readonly string[] {
  if (identity === undefined) return [];
  let text: string;
  try {
    text = readFileSync(identity, "utf8");
  } catch (cause) {
    throw new LandfallError("identity-unreadable", `${identity} cannot be read`, {
      found: (cause as Error).message,
      expected: "a file as `age-keygen` writes it",
      cause,
    });
  }
  return parseIdentities(text, identity);
}

function checkedRecipient(text: string): string {
  if (isAgeRecipient(text)) return text;
  throw new LandfallError("usage", "that is no recipient of age", {
    // A secret key may have been given by mistake: it is not shown again.
    found: text.startsWith("AGE-SECRET-KEY-") ? "a secret key, on a command line: make a new one" : text,
    expected: "a public key: age1..., whole, as age-keygen prints it",
  });
}
