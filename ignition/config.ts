import type {
  ConfigOf,
  ConfigVersion,
  Directory,
  Disk,
  File,
  Filesystem,
  Group,
  Ignition,
  KernelArguments,
  Link,
  Luks,
  Raid,
  Unit,
  User,
} from "./types.ts";

/** Some of a config, without the spec's nesting. Every list is in order. */
export interface Part {
  readonly files?: readonly File[] | undefined;
  readonly directories?: readonly Directory[] | undefined;
  readonly links?: readonly Link[] | undefined;
  readonly units?: readonly Unit[] | undefined;
  readonly users?: readonly User[] | undefined;
  readonly groups?: readonly Group[] | undefined;
  readonly disks?: readonly Disk[] | undefined;
  readonly raid?: readonly Raid[] | undefined;
  readonly luks?: readonly Luks[] | undefined;
  readonly filesystems?: readonly Filesystem[] | undefined;
  readonly kernelArguments?: KernelArguments | undefined;
  /** Other configs to merge, proxies, timeouts and CAs. Of two parts that give one of these the later one holds. */
  readonly ignition?: Omit<Ignition, "version"> | undefined;
}

/**
 * A config of spec 3.4.0 out of parts: the lists of all of them, one after the other. Two parts with the same path,
 * unit or user make a config that `validate` calls invalid.
 */
export function config(...parts: readonly Part[]): ConfigOf<"3.4.0"> {
  return configOf("3.4.0", parts);
}

/** As `config`, for the version given. */
export function configOf<V extends ConfigVersion>(version: V, parts: readonly Part[]): ConfigOf<V> {
  const whole = {
    ignition: { version, ...Object.assign({}, ...parts.map((part) => part.ignition)) },
    storage: section({
      disks: joined(parts.map((part) => part.disks)),
      raid: joined(parts.map((part) => part.raid)),
      luks: joined(parts.map((part) => part.luks)),
      filesystems: joined(parts.map((part) => part.filesystems)),
      files: joined(parts.map((part) => part.files)),
      directories: joined(parts.map((part) => part.directories)),
      links: joined(parts.map((part) => part.links)),
    }),
    systemd: section({ units: joined(parts.map((part) => part.units)) }),
    passwd: section({
      users: joined(parts.map((part) => part.users)),
      groups: joined(parts.map((part) => part.groups)),
    }),
    kernelArguments: section({
      shouldExist: joined(parts.map((part) => part.kernelArguments?.shouldExist)),
      shouldNotExist: joined(parts.map((part) => part.kernelArguments?.shouldNotExist)),
    }),
  };
  return whole as ConfigOf<V>;
}

function joined<T>(lists: readonly (readonly T[] | undefined)[]): readonly T[] | undefined {
  const items = lists.flatMap((list) => list ?? []);
  return items.length > 0 ? items : undefined;
}

/** A section, or nothing where it says nothing. */
function section<T extends object>(value: T): T | undefined {
  return Object.values(value).some((item) => item !== undefined) ? value : undefined;
}
