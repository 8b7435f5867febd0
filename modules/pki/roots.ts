// What a cluster's PKI grows from: made once, before the first leaf, and never again.
import { createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes } from "node:crypto";
import ssh2 from "ssh2";
import { stringify } from "yaml";
import type { Authority } from "../plan/index.ts";
import { LandfallError } from "../spec/index.ts";
import { issueAuthority } from "./certificate.ts";
import type { Entry } from "./entry.ts";
import { entryOf, parseEntry } from "./entry.ts";
import type { Store } from "./store.ts";

export const authorities: readonly Authority[] = ["kubernetes", "etcd", "front-proxy"];

export interface Roots {
  readonly authorities: Readonly<Record<Authority, Entry>>;
  /** Signs service account tokens; P-256, PEM. */
  readonly serviceAccount: { readonly key: string; readonly public: string };
  /** EncryptionConfiguration for Secrets at rest, YAML. */
  readonly encryption: string;
  /** The deployer's SSH key for deliveries: OpenSSH private key, and its line for authorized_keys. */
  readonly delivery: { readonly key: string; readonly public: string };
}

const names = {
  kubernetes: "authorities/kubernetes.pem",
  etcd: "authorities/etcd.pem",
  "front-proxy": "authorities/front-proxy.pem",
  serviceAccount: "service-account.pem",
  encryption: "encryption.yaml",
  delivery: "delivery",
} as const;

/** 32 bytes in base64. */
const secretLine = /^ *secret: [A-Za-z0-9+/]{43}=$/m;

/** Reads the roots; undefined if one was never made. Throws if one is damaged. */
export function readRoots(store: Store): Roots | undefined {
  const kubernetes = readAuthority(store, "kubernetes");
  const etcd = readAuthority(store, "etcd");
  const frontProxy = readAuthority(store, "front-proxy");
  const serviceAccount = read(store, names.serviceAccount, (key) => ({
    key,
    public: createPublicKey(createPrivateKey(key)).export({ type: "spki", format: "pem" }) as string,
  }));
  const encryption = read(store, names.encryption, (text) => (secretLine.test(text) ? { text } : undefined));
  const delivery = read(store, names.delivery, (key) => ({ key, public: deliveryLine(key) }));
  if (!kubernetes || !etcd || !frontProxy || !serviceAccount || !encryption || !delivery) return undefined;
  return {
    authorities: { kubernetes, etcd, "front-proxy": frontProxy },
    serviceAccount,
    encryption: encryption.text,
    delivery,
  };
}

/** Reads one authority; undefined if it was never made. */
export function readAuthority(store: Store, authority: Authority): Entry | undefined {
  return read(store, names[authority], parseEntry);
}

/** The roots' entries that the store lacks. */
export function missingRoots(store: Store): readonly string[] {
  return Object.values(names).filter((entry) => store.read(entry) === undefined);
}

/** Makes the roots that are not there yet. Only within the store's lock. */
export function makeRoots(store: Store, cluster: string, now: Date): void {
  const make = (entry: string, contents: () => string) => {
    if (store.read(entry) === undefined) store.write(entry, contents());
  };
  for (const authority of authorities)
    make(names[authority], () => entryOf(issueAuthority({ authority, cluster, now })));
  make(names.serviceAccount, () => {
    const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
    return pair.privateKey.export({ type: "pkcs8", format: "pem" }) as string;
  });
  make(names.encryption, () => encryptionConfiguration(randomBytes(32)));
  make(names.delivery, deliveryKey);
}

/** An Ed25519 key. Of those that ssh2 1.17 writes, one in some 256 is malformed, and it does not read them itself. */
export function deliveryKey(): string {
  for (;;) {
    const key = ssh2.utils.generateKeyPairSync("ed25519", { comment: "landfall" }).private;
    if (!(ssh2.utils.parseKey(key) instanceof Error)) return key;
  }
}

/** Every Secret is sealed with the one key; there is no fall-back to plain text. */
function encryptionConfiguration(secret: Buffer): string {
  return stringify({
    apiVersion: "apiserver.config.k8s.io/v1",
    kind: "EncryptionConfiguration",
    resources: [
      {
        resources: ["secrets"],
        providers: [{ secretbox: { keys: [{ name: "landfall", secret: secret.toString("base64") }] } }],
      },
    ],
  });
}

function deliveryLine(key: string): string {
  const parsed = ssh2.utils.parseKey(key);
  if (parsed instanceof Error) throw parsed;
  return `${parsed.type} ${parsed.getPublicSSH().toString("base64")} landfall`;
}

/** An entry that is there but cannot be read is never made anew: what hangs on it would be lost. */
function read<T extends object>(
  store: Store,
  entry: string,
  parse: (text: string) => T | undefined,
): T | undefined {
  const text = store.read(entry);
  if (text === undefined) return undefined;
  let cause: unknown;
  try {
    const parsed = parse(text);
    if (parsed !== undefined) return parsed;
  } catch (error) {
    cause = error;
  }
  throw damaged(store, entry, cause);
}

function damaged(store: Store, entry: string, cause: unknown): LandfallError {
  return new LandfallError("store-damaged", `${entry} in the PKI store ${store.dir} cannot be read`, {
    expected: "a key that is intact, and the certificate that belongs to it",
    next: "put the store back from a backup; without one, land a new version of the cluster",
    cause,
  });
}
