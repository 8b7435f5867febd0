// Written by ignition/schema/types.ts from ignition/schema/3.3.0.json and .md: do not edit.

export interface Config {
  /** Metadata about the configuration itself. */
  readonly ignition: Ignition;
  /** Describes the desired state of the system's storage devices. */
  readonly storage?: Storage | undefined;
  /** Describes the desired state of the systemd units. */
  readonly systemd?: Systemd | undefined;
  /** Describes the desired additions to the passwd database. */
  readonly passwd?: Passwd | undefined;
  /** Describes the desired kernel arguments. */
  readonly kernelArguments?: KernelArguments | undefined;
}

export interface Ignition {
  /**
   * The semantic version number of the spec. The spec version must be compatible with the latest version
   * (`3.3.0`). Compatibility requires the major versions to match and the spec version be less than or
   * equal to the latest version. `-experimental` versions compare less than the final version with the
   * same number, and previous experimental versions are not accepted.
   */
  readonly version: "3.3.0";
  /** Options related to the configuration. */
  readonly config?: IgnitionConfig | undefined;
  /** Options relating to `http` timeouts when fetching files over `http` or `https`. */
  readonly timeouts?: Timeouts | undefined;
  /** Options relating to network security. */
  readonly security?: Security | undefined;
  /** Options relating to setting an `HTTP(S)` proxy when fetching resources. */
  readonly proxy?: Proxy | undefined;
}

export interface IgnitionConfig {
  /** A list of the configs to be merged to the current config. */
  readonly merge?: readonly Resource[] | undefined;
  /** The config that will replace the current. */
  readonly replace?: Resource | undefined;
}

export interface Resource {
  /**
   * The URL of the resource. Supported schemes are `http`, `https`, `tftp`, `s3`, `gs`, and
   * [`data`](https://tools.ietf.org/html/rfc2397). When using `http`, it is advisable to use the
   * verification option to ensure the contents haven't been modified.
   */
  readonly source?: string | undefined;
  /** The type of compression used on the resource (null or gzip). Compression cannot be used with S3. */
  readonly compression?: string | undefined;
  /**
   * A list of HTTP headers to be added to the request. Available for `http` and `https` source schemes
   * only.
   */
  readonly httpHeaders?: readonly HTTPHeader[] | undefined;
  /** Options related to the verification of the resource. */
  readonly verification?: Verification | undefined;
}

export interface HTTPHeader {
  /** The header name. */
  readonly name: string;
  /** The header contents. */
  readonly value?: string | undefined;
}

export interface Verification {
  /**
   * The hash of the resource, in the form `<type>-<value>` where type is either `sha512` or `sha256`. If
   * `compression` is specified, the hash describes the decompressed config.
   */
  readonly hash?: string | undefined;
}

export interface Timeouts {
  /**
   * The time to wait (in seconds) for the server's response headers (but not the body) after making a
   * request. 0 indicates no timeout. Default is 10 seconds.
   */
  readonly httpResponseHeaders?: number | undefined;
  /**
   * The time limit (in seconds) for the operation (connection, request, and response), including retries.
   * 0 indicates no timeout. Default is 0.
   */
  readonly httpTotal?: number | undefined;
}

export interface Security {
  /** Options relating to TLS when fetching resources over `https`. */
  readonly tls?: SecurityTLS | undefined;
}

export interface SecurityTLS {
  /**
   * The list of additional certificate authorities (in addition to the system authorities) to be used for
   * TLS verification when fetching over `https`. All certificate authorities must have a unique `source`.
   */
  readonly certificateAuthorities?: readonly Resource[] | undefined;
}

export interface Proxy {
  /**
   * Will be used as the proxy URL for HTTP requests and HTTPS requests unless overridden by `httpsProxy`
   * or `noProxy`.
   */
  readonly httpProxy?: string | undefined;
  /** Will be used as the proxy URL for HTTPS requests unless overridden by `noProxy`. */
  readonly httpsProxy?: string | undefined;
  /**
   * Specifies a list of strings to hosts that should be excluded from proxying. Each value is represented
   * by an `IP address prefix (1.2.3.4)`, `an IP address prefix in CIDR notation (1.2.3.4/8)`, `a domain
   * name`, or `a special DNS label (*)`. An IP address prefix and domain name can also include a literal
   * port number `(1.2.3.4:80)`. A domain name matches that name and all subdomains. A domain name with a
   * leading `.` matches subdomains only. For example `foo.com` matches `foo.com` and `bar.foo.com`;
   * `.y.com` matches `x.y.com` but not `y.com`. A single asterisk `(*)` indicates that no proxying should
   * be done.
   */
  readonly noProxy?: readonly string[] | undefined;
}

export interface Storage {
  /** The list of disks to be configured and their options. Every entry must have a unique `device`. */
  readonly disks?: readonly Disk[] | undefined;
  /** The list of RAID arrays to be configured. Every RAID array must have a unique `name`. */
  readonly raid?: readonly Raid[] | undefined;
  /** The list of luks devices to be created. Every device must have a unique `name`. */
  readonly luks?: readonly Luks[] | undefined;
  /**
   * The list of filesystems to be configured. `device` and `format` need to be specified. Every filesystem
   * must have a unique `device`.
   */
  readonly filesystems?: readonly Filesystem[] | undefined;
  /** The list of files to be written. Every file, directory and link must have a unique `path`. */
  readonly files?: readonly File[] | undefined;
  /** The list of directories to be created. Every file, directory, and link must have a unique `path`. */
  readonly directories?: readonly Directory[] | undefined;
  /** The list of links to be created. Every file, directory, and link must have a unique `path`. */
  readonly links?: readonly Link[] | undefined;
}

export interface Disk {
  /** The absolute path to the device. Devices are typically referenced by the `/dev/disk/by-*` symlinks. */
  readonly device: string;
  /**
   * Whether or not the partition tables shall be wiped. When true, the partition tables are erased before
   * any further manipulation. Otherwise, the existing entries are left intact.
   */
  readonly wipeTable?: boolean | undefined;
  /**
   * The list of partitions and their configuration for this particular disk. Every partition must have a
   * unique `number`, or if 0 is specified, a unique `label`.
   */
  readonly partitions?: readonly Partition[] | undefined;
}

export interface Partition {
  /** The PARTLABEL for the partition. */
  readonly label?: string | undefined;
  /**
   * The partition number, which dictates its position in the partition table (one-indexed). If zero, use
   * the next available partition slot.
   */
  readonly number?: number | undefined;
  /** The size of the partition (in mebibytes). If zero, the partition will be made as large as possible. */
  readonly sizeMiB?: number | undefined;
  /**
   * The start of the partition (in mebibytes). If zero, the partition will be positioned at the start of
   * the largest block available.
   */
  readonly startMiB?: number | undefined;
  /**
   * The GPT [partition type
   * GUID](https://en.wikipedia.org/wiki/GUID_Partition_Table#Partition_type_GUIDs). If omitted, the
   * default will be 0FC63DAF-8483-4772-8E79-3D69D8477DE4 (Linux filesystem data).
   */
  readonly typeGuid?: string | undefined;
  /** The GPT unique partition GUID. */
  readonly guid?: string | undefined;
  /**
   * If true, Ignition will clobber an existing partition if it does not match the config. If false
   * (default), Ignition will fail instead.
   */
  readonly wipePartitionEntry?: boolean | undefined;
  /**
   * Whether or not the partition with the specified `number` should exist. If omitted, it defaults to
   * true. If false Ignition will either delete the specified partition or fail, depending on
   * `wipePartitionEntry`. If false `number` must be specified and non-zero and `label`, `start`, `size`,
   * `guid`, and `typeGuid` must all be omitted.
   */
  readonly shouldExist?: boolean | undefined;
  /**
   * Whether or not the existing partition should be resized. If omitted, it defaults to false. If true,
   * Ignition will resize an existing partition if it matches the config in all respects except the
   * partition size.
   */
  readonly resize?: boolean | undefined;
}

export interface Raid {
  /** The name to use for the resulting md device. */
  readonly name: string;
  /** The redundancy level of the array (e.g. linear, raid1, raid5, etc.). */
  readonly level?: string | undefined;
  /** The number of spares (if applicable) in the array. */
  readonly spares?: number | undefined;
  /** The list of devices (referenced by their absolute path) in the array. */
  readonly devices?: readonly string[] | undefined;
  /** Any additional options to be passed to mdadm. */
  readonly options?: readonly string[] | undefined;
}

export interface Luks {
  /** The name of the luks device. */
  readonly name: string;
  /** The label of the luks device. */
  readonly label?: string | undefined;
  /** The uuid of the luks device. */
  readonly uuid?: string | undefined;
  /** The absolute path to the device. Devices are typically referenced by the `/dev/disk/by-*` symlinks. */
  readonly device?: string | undefined;
  /** Options related to the contents of the key file. */
  readonly keyFile?: Resource | undefined;
  /**
   * Whether or not to wipe the device before volume creation, see [Ignition's documentation on
   * filesystems](https://coreos.github.io/ignition/operator-notes/#filesystem-reuse-semantics) for more
   * information.
   */
  readonly wipeVolume?: boolean | undefined;
  /** Describes the clevis configuration for the luks device. */
  readonly clevis?: Clevis | undefined;
  /** Any additional options to be passed to `cryptsetup luksFormat`. */
  readonly options?: readonly string[] | undefined;
}

export interface Clevis {
  /**
   * Overrides the clevis configuration. The `pin` & `config` will be passed directly to `clevis luks
   * bind`. If specified, all other clevis options must be omitted.
   */
  readonly custom?: ClevisCustom | undefined;
  /** Whether or not to use a tpm2 device. */
  readonly tpm2?: boolean | undefined;
  /** Describes a tang server. Every server must have a unique `url`. */
  readonly tang?: readonly Tang[] | undefined;
  /** Sets the minimum number of pieces required to decrypt the device. Default is 1. */
  readonly threshold?: number | undefined;
}

export interface ClevisCustom {
  /** The clevis pin. */
  readonly pin?: string | undefined;
  /** The clevis configuration JSON. */
  readonly config?: string | undefined;
  /** Whether or not the device requires networking. */
  readonly needsNetwork?: boolean | undefined;
}

export interface Tang {
  /** Url of the tang server. */
  readonly url?: string | undefined;
  /** Thumbprint of a trusted signing key. */
  readonly thumbprint?: string | undefined;
}

export interface Filesystem {
  /**
   * The mount-point of the filesystem while Ignition is running relative to where the root filesystem will
   * be mounted. This is not necessarily the same as where it should be mounted in the real root, but it is
   * encouraged to make it the same.
   */
  readonly path?: string | undefined;
  /** The absolute path to the device. Devices are typically referenced by the `/dev/disk/by-*` symlinks. */
  readonly device: string;
  /** The filesystem format (ext4, btrfs, xfs, vfat, swap, or none). */
  readonly format?: string | undefined;
  /** Any additional options to be passed to the format-specific mkfs utility. */
  readonly options?: readonly string[] | undefined;
  /** Any special options to be passed to the mount command. */
  readonly mountOptions?: readonly string[] | undefined;
  /**
   * Whether or not to wipe the device before filesystem creation, see [Ignition's documentation on
   * filesystems](https://coreos.github.io/ignition/operator-notes/#filesystem-reuse-semantics) for more
   * information. Defaults to false.
   */
  readonly wipeFilesystem?: boolean | undefined;
  /** The label of the filesystem. */
  readonly label?: string | undefined;
  /** The uuid of the filesystem. */
  readonly uuid?: string | undefined;
}

export interface File extends Node {
  /**
   * The file's permission mode. Note that the mode must be properly specified as a **decimal** value (i.e.
   * 0644 -> 420). Setuid/setgid/sticky bits are not supported. If not specified, the permission mode for
   * files defaults to 0644 or the existing file's permissions if `overwrite` is false, `contents` is
   * unspecified, and a file already exists at the path.
   */
  readonly mode?: number | undefined;
  /** Options related to the contents of the file. */
  readonly contents?: Resource | undefined;
  /** List of fragments to be appended to the file. Follows the same structure as `contents`. */
  readonly append?: readonly Resource[] | undefined;
}

export interface Node {
  /** The absolute path to the file. */
  readonly path: string;
  /**
   * Whether to delete preexisting nodes at the path. `contents` must be specified if `overwrite` is true.
   * Defaults to false.
   */
  readonly overwrite?: boolean | undefined;
  /** Specifies the file's owner. */
  readonly user?: NodeUser | undefined;
  /** Specifies the file's group. */
  readonly group?: NodeGroup | undefined;
}

export interface NodeUser {
  /** The user ID of the owner. */
  readonly id?: number | undefined;
  /** The user name of the owner. */
  readonly name?: string | undefined;
}

export interface NodeGroup {
  /** The group ID of the group. */
  readonly id?: number | undefined;
  /** The group name of the group. */
  readonly name?: string | undefined;
}

export interface Directory extends Node {
  /**
   * The directory's permission mode. Note that the mode must be properly specified as a **decimal** value
   * (i.e. 0755 -> 493). Setuid/setgid/sticky bits are not supported. If not specified, the permission mode
   * for directories defaults to 0755 or the mode of an existing directory if `overwrite` is false and a
   * directory already exists at the path.
   */
  readonly mode?: number | undefined;
}

export interface Link extends Node {
  /** The target path of the link */
  readonly target?: string | undefined;
  /** A symbolic link is created if this is false, a hard one if this is true. */
  readonly hard?: boolean | undefined;
}

export interface Systemd {
  /** The list of systemd units. Every unit must have a unique `name`. */
  readonly units?: readonly Unit[] | undefined;
}

export interface Unit {
  /** The name of the unit. This must be suffixed with a valid unit type (e.g. "thing.service"). */
  readonly name: string;
  /**
   * Whether or not the service shall be enabled. When true, the service is enabled. When false, the
   * service is disabled. When omitted, the service is unmodified. In order for this to have any effect,
   * the unit must have an install section.
   */
  readonly enabled?: boolean | undefined;
  /**
   * Whether or not the service shall be masked. When true, the service is masked by symlinking it to
   * `/dev/null`. When false, the service is unmasked by deleting the symlink to `/dev/null` if it exists.
   */
  readonly mask?: boolean | undefined;
  /** The contents of the unit. */
  readonly contents?: string | undefined;
  /** The list of drop-ins for the unit. Every drop-in must have a unique `name`. */
  readonly dropins?: readonly Dropin[] | undefined;
}

export interface Dropin {
  /** The name of the drop-in. This must be suffixed with ".conf". */
  readonly name: string;
  /** The contents of the drop-in. */
  readonly contents?: string | undefined;
}

export interface Passwd {
  /** The list of accounts that shall exist. All users must have a unique `name`. */
  readonly users?: readonly User[] | undefined;
  /** The list of groups to be added. All groups must have a unique `name`. */
  readonly groups?: readonly Group[] | undefined;
}

export interface User {
  /** The username for the account. */
  readonly name: string;
  /** The hashed password for the account. */
  readonly passwordHash?: string | undefined;
  /**
   * A list of SSH keys to be added as an SSH key fragment at `.ssh/authorized_keys.d/ignition` in the
   * user's home directory. All SSH keys must be unique.
   */
  readonly sshAuthorizedKeys?: readonly string[] | undefined;
  /** The user ID of the account. */
  readonly uid?: number | undefined;
  /** The GECOS field of the account. */
  readonly gecos?: string | undefined;
  /** The home directory of the account. */
  readonly homeDir?: string | undefined;
  /**
   * Whether or not to create the user's home directory. This only has an effect if the account doesn't
   * exist yet.
   */
  readonly noCreateHome?: boolean | undefined;
  /** The name of the primary group of the account. */
  readonly primaryGroup?: string | undefined;
  /** The list of supplementary groups of the account. */
  readonly groups?: readonly string[] | undefined;
  /**
   * Whether or not to create a group with the same name as the user. This only has an effect if the
   * account doesn't exist yet.
   */
  readonly noUserGroup?: boolean | undefined;
  /**
   * Whether or not this account should be a system account. This only has an effect if the account doesn't
   * exist yet.
   */
  readonly system?: boolean | undefined;
  /**
   * Whether or not to add the user to the lastlog and faillog databases. This only has an effect if the
   * account doesn't exist yet.
   */
  readonly noLogInit?: boolean | undefined;
  /** The login shell of the new account. */
  readonly shell?: string | undefined;
  /**
   * Whether or not the user with the specified `name` should exist. If omitted, it defaults to true. If
   * false, then Ignition will delete the specified user.
   */
  readonly shouldExist?: boolean | undefined;
}

export interface Group {
  /** The name of the group. */
  readonly name: string;
  /** The group ID of the new group. */
  readonly gid?: number | undefined;
  /** The hashed password of the new group. */
  readonly passwordHash?: string | undefined;
  /**
   * Whether or not the group should be a system group. This only has an effect if the group doesn't exist
   * yet.
   */
  readonly system?: boolean | undefined;
  /**
   * Whether or not the group with the specified `name` should exist. If omitted, it defaults to true. If
   * false, then Ignition will delete the specified group.
   */
  readonly shouldExist?: boolean | undefined;
}

export interface KernelArguments {
  /** The list of kernel arguments that should exist. */
  readonly shouldExist?: readonly string[] | undefined;
  /** The list of kernel arguments that should not exist. */
  readonly shouldNotExist?: readonly string[] | undefined;
}
