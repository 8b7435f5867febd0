// wrk, the load generator, from Debian: a process of its own, so that it takes nothing from whom it measures but CPU.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";

export interface Load {
  readonly url: string;
  /** Lua, for what differs from request to request. */
  readonly script?: string;
  readonly connections: number;
  readonly seconds: number;
}

export interface Loaded {
  readonly requestsPerSecond: number;
  readonly bytesPerSecond: number;
  /** Seconds. */
  readonly p99: number;
}

const report = `
done = function(summary, latency, requests)
  local errors = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.status + summary.errors.timeout
  io.write(string.format("\\n{\\"requests\\":%d,\\"bytes\\":%.0f,\\"microseconds\\":%d,\\"errors\\":%d,\\"p99\\":%.0f}\\n",
    summary.requests, summary.bytes, summary.duration, errors, latency:percentile(99)))
end
`;

/** @throws Error where any request failed */
export async function wrk({ url, script = "", connections, seconds }: Load): Promise<Loaded> {
  const folder = mkdtempSync(join(tmpdir(), "landfall-wrk-"));
  try {
    const file = join(folder, "load.lua");
    writeFileSync(file, script + report);
    const argv = ["-t1", `-c${connections}`, `-d${seconds}`, "--timeout", "120", "-s", file, url];
    const { stdout } = await execa("wrk", argv);
    const { requests, bytes, microseconds, errors, p99 } = JSON.parse(stdout.trimEnd().split("\n").at(-1)!);
    if (errors > 0 || requests === 0)
      throw new Error(`of ${requests} requests to ${url}, ${errors} failed:\n${stdout}`);
    return {
      requestsPerSecond: (requests * 1e6) / microseconds,
      bytesPerSecond: (bytes * 1e6) / microseconds,
      p99: p99 / 1e6,
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The boot script of one machine after another, at random. */
export function anyMachine(machines: number): string {
  return `
request = function()
  local index = math.random(0, ${machines - 1})
  local mac = string.format("52:54:00:%02x:%02x:%02x", math.floor(index / 65536), math.floor(index / 256) % 256, index % 256)
  return wrk.format("GET", "/ipxe?uuid=1b4e28ba-2fa1-11d2-883f-0016d3cca427&mac=" .. mac .. "&domain=&hostname=&serial=&arch=x86_64")
end
`;
}
