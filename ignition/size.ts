import { render } from "./render.ts";
import type { AnyConfig } from "./types.ts";

/** What takes the room of a rendered config. */
export interface SizeReport {
  /** Bytes of the whole. */
  readonly total: number;
  /** Largest first; they add up to `total`. */
  readonly items: readonly SizeItem[];
}

export interface SizeItem {
  /** `file /etc/hosts`, `unit kubelet.service`... or `everything else`. */
  readonly name: string;
  readonly bytes: number;
}

/** What to call an item of a list, and the key that says which it is. */
const lists: readonly (readonly [section: string, list: string, kind: string, key: string])[] = [
  ["storage", "files", "file", "path"],
  ["storage", "directories", "directory", "path"],
  ["storage", "links", "link", "path"],
  ["storage", "disks", "disk", "device"],
  ["storage", "filesystems", "filesystem", "device"],
  ["storage", "raid", "raid", "name"],
  ["storage", "luks", "luks", "name"],
  ["systemd", "units", "unit", "name"],
  ["passwd", "users", "user", "name"],
  ["passwd", "groups", "group", "name"],
];

/** How many bytes of the rendered config each file, unit etc. takes, largest first. */
export function sizeReport(config: AnyConfig): SizeReport {
  const text = render(config);
  const rendered = JSON.parse(text) as Record<string, Record<string, readonly Record<string, unknown>[]>>;
  const items = lists.flatMap(([section, list, kind, key]) =>
    (rendered[section]?.[list] ?? []).map((item) => ({
      name: `${kind} ${item[key] as string}`,
      bytes: Buffer.byteLength(JSON.stringify(item)),
    })),
  );
  const total = Buffer.byteLength(text);
  const rest = total - items.reduce((sum, item) => sum + item.bytes, 0);
  const all = [...items, { name: "everything else", bytes: rest }];
  return { total, items: all.sort((a, b) => b.bytes - a.bytes) };
}
