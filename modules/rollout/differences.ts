/** Where two values differ, as `pools[0].machines[2]: "w3", was "w4"`. Of a part that is new or gone nothing more is said. */
export function differences(before: unknown, now: unknown, path = ""): string[] {
  if (isObject(before) && isObject(now) && Array.isArray(before) === Array.isArray(now)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(now)]);
    return [...keys].flatMap((key) =>
      differences(before[key], now[key], Array.isArray(before) ? `${path}[${key}]` : join(path, key)),
    );
  }
  return before === now ? [] : [`${path}: ${shown(now)}, was ${shown(before)}`];
}

function join(path: string, key: string): string {
  return path === "" ? key : `${path}.${key}`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function shown(value: unknown): string {
  if (value === undefined) return "nothing";
  if (isObject(value)) return Array.isArray(value) ? "a list" : "a map";
  return JSON.stringify(value);
}
