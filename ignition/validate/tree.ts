import { posix } from "node:path";
import type { Path } from "./decode.ts";
import type * as decoded from "./decoded.ts";
import { clean, pathError } from "./path.ts";
import type { Report } from "./report.ts";
import type { Rule } from "./rules.ts";

function node({ path, user, group }: decoded.Node, at: Path, report: Report): void {
  report.error([...at, "path"], pathError(path));
  for (const [key, owner] of [
    ["user", user],
    ["group", group],
  ] as const) {
    if (owner.id !== undefined && owner.name) report.error([...at, key], "cannot set both id and name");
  }
}

function mode(bits: bigint | undefined, at: Path, report: Report, minor: number): void {
  if (bits === undefined) return;
  if (bits < 0n || bits > 0o7777n) report.error([...at, "mode"], "illegal file mode");
  if (minor < 4 && (BigInt.asUintN(32, bits) & 0o7000n) !== 0n) {
    const message = "setuid/setgid/sticky bits are not supported in spec versions older than 3.4.0";
    report.warn([...at, "mode"], message);
  }
}

export const file: Rule<decoded.File> = (value, at, report, minor) => {
  node(value, at, report);
  mode(value.mode, at, report, minor);
  if (value.overwrite && value.contents.source === undefined) {
    report.error([...at, "overwrite"], "overwrite must be false if source is unspecified");
  }
};

export const directory: Rule<decoded.Directory> = (value, at, report, minor) => {
  node(value, at, report);
  mode(value.mode, at, report, minor);
};

export const link: Rule<decoded.Link> = (value, at, report) => {
  node(value, at, report);
};

/** What files, directories, links and disks may not do to each other. */
export const storage: Rule<decoded.Storage> = (value, at, report, minor) => {
  const { directories = [], files = [], links = [], disks = [], filesystems = [] } = value;
  const prefixes = links.map((one) => `${one.path ?? ""}/`);
  for (const [key, kind, nodes] of [
    ["directories", "directory", directories],
    ["files", "file", files],
    ["links", "link", links],
  ] as const) {
    nodes.forEach(({ path = "" }, i) => {
      for (const prefix of prefixes) {
        if (path.startsWith(prefix)) report.error([...at, key, i], `${kind} path includes link in config`);
      }
    });
  }
  links.forEach((one, i) => {
    target(one, directories, [...at, "links", i], report, minor);
  });
  const wiped = new Map(disks.map((disk) => [disk.device ?? "", disk]));
  filesystems.forEach(({ device, wipeFilesystem }, i) => {
    const disk = wiped.get(device ?? "");
    const place = [...at, "filesystems", i, "device"];
    if ((disk?.partitions ?? []).length > 0) report.warn(place, "filesystem overwrites partitioned device");
    else if (disk?.wipeTable && !wipeFilesystem) {
      report.warn(place, "device matches disk with wipeTable enabled; filesystem will be wiped");
    }
  });
};

function target(
  { path = "", target = "", hard, user, group }: decoded.Link,
  directories: readonly decoded.Directory[],
  at: Path,
  report: Report,
  minor: number,
): void {
  if (target === "" && minor >= 3) {
    report.error([...at, "target"], "link target is required");
    return;
  }
  if (!hard) return;
  const full = target.startsWith("/") ? clean(target) : clean(posix.join(path, target));
  for (const directory of directories) {
    if ((directory.path ?? "") === full) report.error(at, "hard link target is a directory");
  }
  for (const [key, owner] of [
    ["user", user],
    ["group", group],
  ] as const) {
    for (const field of ["id", "name"] as const) {
      if (owner[field] !== undefined) report.warn([...at, key, field], "user/group ignored for hard link");
    }
  }
}
