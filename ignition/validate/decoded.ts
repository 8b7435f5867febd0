import type * as spec from "../generated/3.4.0.ts";

/** A type of the spec as `decode` holds it: objects are always there, integers are bigint. */
export type Decoded<T> = T extends number
  ? bigint
  : T extends readonly (infer Item)[]
    ? readonly Decoded<Item>[]
    : T extends object
      ? { readonly [Key in keyof T]-?: Field<NonNullable<T[Key]>> }
      : T;

type Field<T> = T extends readonly unknown[]
  ? Decoded<T> | undefined
  : T extends object
    ? Decoded<T>
    : Decoded<T> | undefined;

export type Config = Decoded<spec.Config>;
export type Ignition = Decoded<Omit<spec.Ignition, "version"> & { version: string }>;
export type IgnitionConfig = Decoded<spec.IgnitionConfig>;
export type Resource = Decoded<spec.Resource>;
export type Verification = Decoded<spec.Verification>;
export type HTTPHeader = Decoded<spec.HTTPHeader>;
export type TLS = Decoded<spec.SecurityTLS>;
export type Proxy = Decoded<spec.Proxy>;
export type Storage = Decoded<spec.Storage>;
export type Disk = Decoded<spec.Disk>;
export type Partition = Decoded<spec.Partition>;
export type Raid = Decoded<spec.Raid>;
export type Luks = Decoded<spec.Luks> & {
  /** From spec 3.5.0 on. */
  readonly cex?: { readonly enabled?: boolean };
};
export type Clevis = Decoded<spec.Clevis>;
export type ClevisCustom = Decoded<spec.ClevisCustom>;
export type Tang = Decoded<spec.Tang>;
export type Filesystem = Decoded<spec.Filesystem>;
export type File = Decoded<spec.File>;
export type Directory = Decoded<spec.Directory>;
export type Link = Decoded<spec.Link>;
export type Node = Decoded<spec.Node>;
export type Systemd = Decoded<spec.Systemd>;
export type Unit = Decoded<spec.Unit>;
export type Dropin = Decoded<spec.Dropin>;
