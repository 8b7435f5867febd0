import { type Contents, resource } from "./resource.ts";
import type {
  Directory,
  Disk,
  File,
  Filesystem,
  Link,
  Node,
  NodeGroup,
  NodeUser,
  Partition,
  Unit,
  User,
} from "./types.ts";

/** What files, directories and links have in common. */
interface NodeOptions {
  /** Absolute and clean: no `//`, no `.`, no `..`, no `/` at the end. */
  readonly path: string;
  /** Name or number; root when left out. */
  readonly user?: string | number | undefined;
  /** Name or number; root when left out. */
  readonly group?: string | number | undefined;
  /** Whether to replace what is there already. False when left out: Ignition then fails on it. */
  readonly overwrite?: boolean | undefined;
}

export interface FileOptions extends NodeOptions {
  /** Left out: the file is left as it is, and made empty if missing. */
  readonly contents?: Contents | undefined;
  /** Added at the end of the file, in order. */
  readonly append?: readonly Contents[] | undefined;
  /** 0o644 when left out. Bits above 0o777 need spec 3.4.0. */
  readonly mode?: number | undefined;
}

/** A file; its contents travel in the config, or are fetched by the machine. */
export function file({ contents, append, mode, ...node }: FileOptions): File {
  return {
    ...nodeOf(node),
    ...(mode !== undefined && { mode }),
    ...(contents !== undefined && { contents: resource(contents) }),
    ...(append !== undefined && { append: append.map(resource) }),
  };
}

export interface DirectoryOptions extends NodeOptions {
  /** 0o755 when left out. Bits above 0o777 need spec 3.4.0. */
  readonly mode?: number | undefined;
}

/** A directory; those above it that are missing are made with 0o755, owned by root. */
export function directory({ mode, ...node }: DirectoryOptions): Directory {
  return { ...nodeOf(node), ...(mode !== undefined && { mode }) };
}

export interface LinkOptions extends NodeOptions {
  /** As it is to be written into the link: absolute, or relative to the link's directory. */
  readonly target: string;
  /** A hard link instead of a symbolic one. */
  readonly hard?: boolean | undefined;
}

/** A symbolic link, or a hard one. */
export function link({ target, hard, ...node }: LinkOptions): Link {
  return { ...nodeOf(node), target, ...(hard !== undefined && { hard }) };
}

function nodeOf({ path, user, group, overwrite }: NodeOptions): Node {
  return {
    path,
    ...(overwrite !== undefined && { overwrite }),
    ...(user !== undefined && { user: owner(user) }),
    ...(group !== undefined && { group: owner(group) }),
  };
}

function owner(nameOrId: string | number): NodeUser & NodeGroup {
  return typeof nameOrId === "number" ? { id: nameOrId } : { name: nameOrId };
}

export interface UnitOptions {
  /** With its extension: `kubelet.service`. */
  readonly name: string;
  readonly contents?: string | undefined;
  /** True needs an [Install] section; left out: as the system's presets have it. */
  readonly enabled?: boolean | undefined;
  /** True links it to /dev/null, so that nothing can start it. */
  readonly mask?: boolean | undefined;
  /** Contents by file name: `{ "10-limits.conf": "[Service]\n..." }`. */
  readonly dropins?: Readonly<Record<string, string>> | undefined;
}

/** A systemd unit, drop-ins for one, or both. */
export function unit({ name, contents, enabled, mask, dropins }: UnitOptions): Unit {
  return {
    name,
    ...(enabled !== undefined && { enabled }),
    ...(mask !== undefined && { mask }),
    ...(contents !== undefined && { contents }),
    ...(dropins && { dropins: Object.entries(dropins).map(([name, contents]) => ({ name, contents })) }),
  };
}

/** A user to make, or to change where there is one of that name. Keys may be whole `.pub` files. */
export function user({ sshAuthorizedKeys, ...rest }: User): User {
  const keys = sshAuthorizedKeys
    ?.flatMap((text) => text.split("\n"))
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
  return { ...rest, ...(keys && { sshAuthorizedKeys: keys }) };
}

/** Type GUIDs by the names that people know them by. */
export const partitionTypes = {
  linux: "0FC63DAF-8483-4772-8E79-3D69D8477DE4",
  esp: "C12A7328-F81F-11D2-BA4B-00A0C93EC93B",
  "bios-boot": "21686148-6449-6E6F-744E-656564454649",
  swap: "0657FD6D-A4AB-43C4-84E5-0933C84B4F4F",
  raid: "A19D880F-05FC-4D3B-A006-743F0F84911E",
  lvm: "E6D6D379-F507-44C2-A23C-238F2A3DF928",
  "root-x86-64": "4F68BCE3-E8CD-4DB1-96E7-FBCAF984B709",
} as const;

export interface PartitionOptions extends Omit<Partition, "typeGuid"> {
  /** `linux` when left out; a name of `partitionTypes`, or a GUID. */
  readonly type?: keyof typeof partitionTypes | (string & {}) | undefined;
}

export interface DiskOptions {
  /** Such as `/dev/vda` or, better, `/dev/disk/by-id/...`. */
  readonly device: string;
  /** Whether the old partition table goes. False when left out. */
  readonly wipe?: boolean | undefined;
  /** In order; numbered from 1 where no number is given. A size or start of 0, or none, is what is left. */
  readonly partitions?: readonly PartitionOptions[] | undefined;
}

/** A disk and its partitions. */
export function disk({ device, wipe, partitions }: DiskOptions): Disk {
  return {
    device,
    ...(wipe !== undefined && { wipeTable: wipe }),
    ...(partitions && { partitions: partitions.map((options, i) => partition(options, i + 1)) }),
  };
}

function partition({ type, number, ...rest }: PartitionOptions, position: number): Partition {
  const known: Readonly<Record<string, string>> = partitionTypes;
  return {
    ...rest,
    number: number ?? position,
    ...(type !== undefined && { typeGuid: Object.hasOwn(known, type) ? known[type] : type }),
  };
}

export interface FilesystemOptions extends Omit<Filesystem, "wipeFilesystem" | "format"> {
  readonly format: "ext4" | "xfs" | "btrfs" | "vfat" | "swap" | "none";
  /** Whether to make it anew though one of that format and label is there. False when left out. */
  readonly wipe?: boolean | undefined;
}

/** A file system on a device. Ignition mounts it at `path` while it writes files: a mount unit is yours to write. */
export function filesystem({ wipe, ...rest }: FilesystemOptions): Filesystem {
  return { ...rest, ...(wipe !== undefined && { wipeFilesystem: wipe }) };
}
