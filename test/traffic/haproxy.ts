// Debian's haproxy before two clusters, as a site would have one, and the commands by which its weights are moved.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";

export interface Balancer {
  /** For replacement.traffic; run in `folder`. */
  readonly show: readonly string[];
  readonly shift: readonly string[];
  readonly stop: () => Promise<void>;
}

export interface BalancerOptions {
  readonly folder: string;
  readonly mode: "http" | "tcp";
  readonly port: number;
  /** Ports of the servers `prod-v1` and `prod-v2`. */
  readonly servers: readonly [number, number];
}

/** Started, with all the weight on `prod-v1`. */
export async function startBalancer({ folder, mode, port, servers }: BalancerOptions): Promise<Balancer> {
  const socket = join(folder, "admin");
  writeFileSync(
    join(folder, "haproxy.cfg"),
    `global
  stats socket ${socket} mode 600 level admin
defaults
  mode ${mode}
  timeout connect 2s
  timeout client 30s
  timeout server 30s
  retries 0
listen web
  bind 127.0.0.1:${port}
  balance roundrobin
  server prod-v1 127.0.0.1:${servers[0]} weight 100
  server prod-v2 127.0.0.1:${servers[1]} weight 0
`,
  );
  writeFileSync(join(folder, "lb.mjs"), commands);
  const child: ChildProcess = spawn("haproxy", ["-f", join(folder, "haproxy.cfg"), "-db"], {
    stdio: "ignore",
  });
  await once(child, "spawn");
  while (!existsSync(socket)) {
    if (child.exitCode !== null) throw new Error("haproxy ended");
    await setTimeout(10);
  }
  return {
    show: [process.execPath, "lb.mjs", "show", "{from}", "{to}"],
    shift: [process.execPath, "lb.mjs", "shift", "{from}", "{to}", "{share}"],
    async stop() {
      if (child.exitCode !== null) return;
      const ended = once(child, "close");
      child.kill();
      await ended;
    },
  };
}

/** The site's own script: who gains is raised before who loses is lowered. */
const commands = `import { connect } from "node:net";
import { text } from "node:stream/consumers";
const [verb, from, to, share] = process.argv.slice(2);
const say = (line) => text(connect("admin").end(line + "\\n"));
const weight = async (name) => Number.parseInt(await say("get weight web/" + name), 10);
const set = async (name, value) => {
  const answer = (await say("set weight web/" + name + " " + value)).trim();
  if (answer !== "") throw new Error(answer);
};
if (verb === "show") {
  const [blue, green] = [await weight(from), await weight(to)];
  console.log(Math.round((100 * green) / (blue + green)));
} else {
  const goal = [[to, Number(share)], [from, 100 - Number(share)]];
  for (const [name, value] of goal) if (value > (await weight(name))) await set(name, value);
  for (const [name, value] of goal) await set(name, value);
}
`;
