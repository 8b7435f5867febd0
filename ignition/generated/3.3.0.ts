// Written by ignition/schema/types.ts from ignition/schema/3.3.0.json: do not edit.

export interface Config {
  readonly ignition: Ignition;
  readonly storage?: Storage | undefined;
  readonly systemd?: Systemd | undefined;
  readonly passwd?: Passwd | undefined;
  readonly kernelArguments?: KernelArguments | undefined;
}

export interface Ignition {
  readonly version: "3.3.0";
  readonly config?: IgnitionConfig | undefined;
  readonly timeouts?: Timeouts | undefined;
  readonly security?: Security | undefined;
  readonly proxy?: Proxy | undefined;
}

export interface IgnitionConfig {
  readonly merge?: readonly Resource[] | undefined;
  readonly replace?: Resource | undefined;
}

export interface Resource {
  readonly source?: string | undefined;
  readonly compression?: string | undefined;
  readonly httpHeaders?: readonly HTTPHeader[] | undefined;
  readonly verification?: Verification | undefined;
}

export interface HTTPHeader {
  readonly name: string;
  readonly value?: string | undefined;
}

export interface Verification {
  readonly hash?: string | undefined;
}

export interface Timeouts {
  readonly httpResponseHeaders?: number | undefined;
  readonly httpTotal?: number | undefined;
}

export interface Security {
  readonly tls?: SecurityTLS | undefined;
}

export interface SecurityTLS {
  readonly certificateAuthorities?: readonly Resource[] | undefined;
}

export interface Proxy {
  readonly httpProxy?: string | undefined;
  readonly httpsProxy?: string | undefined;
  readonly noProxy?: readonly string[] | undefined;
}

export interface Storage {
  readonly disks?: readonly Disk[] | undefined;
  readonly raid?: readonly Raid[] | undefined;
  readonly luks?: readonly Luks[] | undefined;
  readonly filesystems?: readonly Filesystem[] | undefined;
  readonly files?: readonly File[] | undefined;
  readonly directories?: readonly Directory[] | undefined;
  readonly links?: readonly Link[] | undefined;
}

export interface Disk {
  readonly device: string;
  readonly wipeTable?: boolean | undefined;
  readonly partitions?: readonly Partition[] | undefined;
}

export interface Partition {
  readonly label?: string | undefined;
  readonly number?: number | undefined;
  readonly sizeMiB?: number | undefined;
  readonly startMiB?: number | undefined;
  readonly typeGuid?: string | undefined;
  readonly guid?: string | undefined;
  readonly wipePartitionEntry?: boolean | undefined;
  readonly shouldExist?: boolean | undefined;
  readonly resize?: boolean | undefined;
}

export interface Raid {
  readonly name: string;
  readonly level?: string | undefined;
  readonly spares?: number | undefined;
  readonly devices?: readonly string[] | undefined;
  readonly options?: readonly string[] | undefined;
}

export interface Luks {
  readonly name: string;
  readonly label?: string | undefined;
  readonly uuid?: string | undefined;
  readonly device?: string | undefined;
  readonly keyFile?: Resource | undefined;
  readonly wipeVolume?: boolean | undefined;
  readonly clevis?: Clevis | undefined;
  readonly options?: readonly string[] | undefined;
}

export interface Clevis {
  readonly custom?: ClevisCustom | undefined;
  readonly tpm2?: boolean | undefined;
  readonly tang?: readonly Tang[] | undefined;
  readonly threshold?: number | undefined;
}

export interface ClevisCustom {
  readonly pin?: string | undefined;
  readonly config?: string | undefined;
  readonly needsNetwork?: boolean | undefined;
}

export interface Tang {
  readonly url?: string | undefined;
  readonly thumbprint?: string | undefined;
}

export interface Filesystem {
  readonly path?: string | undefined;
  readonly device: string;
  readonly format?: string | undefined;
  readonly options?: readonly string[] | undefined;
  readonly mountOptions?: readonly string[] | undefined;
  readonly wipeFilesystem?: boolean | undefined;
  readonly label?: string | undefined;
  readonly uuid?: string | undefined;
}

export interface File extends Node {
  readonly mode?: number | undefined;
  readonly contents?: Resource | undefined;
  readonly append?: readonly Resource[] | undefined;
}

export interface Node {
  readonly path: string;
  readonly overwrite?: boolean | undefined;
  readonly user?: NodeUser | undefined;
  readonly group?: NodeGroup | undefined;
}

export interface NodeUser {
  readonly id?: number | undefined;
  readonly name?: string | undefined;
}

export interface NodeGroup {
  readonly id?: number | undefined;
  readonly name?: string | undefined;
}

export interface Directory extends Node {
  readonly mode?: number | undefined;
}

export interface Link extends Node {
  readonly target?: string | undefined;
  readonly hard?: boolean | undefined;
}

export interface Systemd {
  readonly units?: readonly Unit[] | undefined;
}

export interface Unit {
  readonly name: string;
  readonly enabled?: boolean | undefined;
  readonly mask?: boolean | undefined;
  readonly contents?: string | undefined;
  readonly dropins?: readonly Dropin[] | undefined;
}

export interface Dropin {
  readonly name: string;
  readonly contents?: string | undefined;
}

export interface Passwd {
  readonly users?: readonly User[] | undefined;
  readonly groups?: readonly Group[] | undefined;
}

export interface User {
  readonly name: string;
  readonly passwordHash?: string | undefined;
  readonly sshAuthorizedKeys?: readonly string[] | undefined;
  readonly uid?: number | undefined;
  readonly gecos?: string | undefined;
  readonly homeDir?: string | undefined;
  readonly noCreateHome?: boolean | undefined;
  readonly primaryGroup?: string | undefined;
  readonly groups?: readonly string[] | undefined;
  readonly noUserGroup?: boolean | undefined;
  readonly system?: boolean | undefined;
  readonly noLogInit?: boolean | undefined;
  readonly shell?: string | undefined;
  readonly shouldExist?: boolean | undefined;
}

export interface Group {
  readonly name: string;
  readonly gid?: number | undefined;
  readonly passwordHash?: string | undefined;
  readonly system?: boolean | undefined;
  readonly shouldExist?: boolean | undefined;
}

export interface KernelArguments {
  readonly shouldExist?: readonly string[] | undefined;
  readonly shouldNotExist?: readonly string[] | undefined;
}
