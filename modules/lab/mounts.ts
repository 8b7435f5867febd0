// Mounts of the lab: each squashfs once, read-only, shared by all machines of the lab (and so its page cache).
import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./command.ts";

/** Mount points at or below `folder`, deepest (latest) first, from the text of a mountinfo file. */
export function mountsBelow(mountinfo: string, folder: string): string[] {
  return mountinfo
    .split("\n")
    .map((line) =>
      (line.split(" ")[4] ?? "").replaceAll(/\\([0-7]{3})/g, (_, octal: string) =>
        String.fromCharCode(parseInt(octal, 8)),
      ),
    )
    .filter((point) => point === folder || point.startsWith(`${folder}/`))
    .reverse();
}

/** Loop devices (as /dev/loop3) whose file systems are mounted at or below `folder`. */
export function loopDevicesBelow(mountinfo: string, folder: string): string[] {
  return mountinfo.split("\n").flatMap((line) => {
    const point = line.split(" ")[4] ?? "";
    const source = line.split(" - ")[1]?.split(" ")[1] ?? "";
    return point.startsWith(`${folder}/`) && source.startsWith("/dev/loop") ? [source] : [];
  });
}

export function readMountsBelow(folder: string): string[] {
  return mountsBelow(readFileSync("/proc/self/mountinfo", "utf8"), folder);
}

/** Unmounts all at or below `folder`; loop devices go with their mounts (autoclear). */
export async function unmountBelow(folder: string): Promise<void> {
  for (const point of readMountsBelow(folder)) await run(["umount", point]);
}

/** Mounts squashfs files at `<folder>/<sha256>`, each when first asked for, until `unmountBelow(folder)`. */
export class SquashfsMounts {
  readonly #folder: string;
  readonly #mounted = new Map<string, Promise<string>>();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The mount point of a verified file. */
  mount(sha256: string, file: string): Promise<string> {
    let mounted = this.#mounted.get(sha256);
    if (mounted === undefined) {
      mounted = this.#mount(sha256, file);
      mounted.catch(() => this.#mounted.delete(sha256));
      this.#mounted.set(sha256, mounted);
    }
    return mounted;
  }

  async #mount(sha256: string, file: string): Promise<string> {
    const point = join(this.#folder, sha256);
    mkdirSync(point, { recursive: true });
    if (readMountsBelow(point).length === 0)
      await run(["mount", "-t", "squashfs", "-o", "loop,ro", file, point]);
    return point;
  }
}
