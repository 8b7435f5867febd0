// What is left of a cluster when its machines are gone: the last etcd snapshot, its whole PKI, and what it was, in one
// file that only its recipients can read; the proof that it can be restored; and its parts again.
export type { Manifest, Proof, Subject } from "./contents.ts";
export { type EtcdPeer, type Member, openEtcd } from "./etcd.ts";
export { type ReadOptions, restoreArchive, verifyArchive } from "./read.ts";
export { parseIdentities } from "./seal.ts";
export { type TakeOptions, takeArchive } from "./take.ts";
export type { Written } from "./write.ts";
