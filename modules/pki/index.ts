// The certificates and keys of a cluster: issued into a store of their own, delivered to machines, and known to
// everything else by fingerprints.
export { checkEntries, readEntries, type StoreEntries, writeEntries } from "./archive.ts";
export type { AuthorityOptions, CertificateOptions, Credential, Entropy } from "./certificate.ts";
export { issueAuthority, issueCertificate } from "./certificate.ts";
export type { AdminCredentials, KubeconfigOptions } from "./credentials.ts";
export {
  adminCredentials,
  adminKubeconfig,
  deliveryPrivateKey,
  etcdCredentials,
  machineFiles,
} from "./credentials.ts";
export type { EnsureOptions, Reason } from "./ensure.ts";
export { ensurePki } from "./ensure.ts";
export { filesFingerprint, nameInDelivery } from "./fingerprint.ts";
export { retire } from "./retire.ts";
export type { DeliveredFile, PkiPlan, PublicPki } from "./types.ts";
