import { posix } from "node:path";

/** What is wrong with a path that must be absolute and clean; or nothing. */
export function pathError(path: string | undefined): string | undefined {
  if (!path) return "path not specified";
  if (!path.startsWith("/")) return "path not absolute";
  return clean(path) === path ? undefined : "path is not fully simplified";
}

/** The shortest path that means the same, as Go's path.Clean: no slash at the end, `.` for nothing. */
export function clean(path: string): string {
  const normal = posix.normalize(path);
  return normal.length > 1 && normal.endsWith("/") ? normal.slice(0, -1) : normal;
}

/** From the last dot of the last part on; empty without one. */
export function extension(path: string): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const dot = name.lastIndexOf(".");
  return dot < 0 ? "" : name.slice(dot);
}
