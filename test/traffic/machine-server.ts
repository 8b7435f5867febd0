// A web server in each machine of a cluster, which stand for the pods behind its Service; one to whoever asks it.
import type { ChildProcess } from "node:child_process";
import { fileURLToPath } from "node:url";
import { end, type Rack } from "./rack.ts";
import { type WebServer, webServer } from "./web-server.ts";

/** Of a process that is started with its name: told `closing`, or not. */
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const own = webServer(process.argv[2]!, 80, "0.0.0.0");
  process.on("message", (closing: boolean) => {
    own.closing = closing;
  });
  process.on("disconnect", () => process.exit());
  await own.start();
  process.send?.("started");
}

/** They answer with `name`, on port 80 of every address that their machine has. */
export function machineServers(rack: Rack, name: string, machines: readonly string[]): WebServer {
  let closing = false;
  let children: ChildProcess[] = [];
  const tell = () => {
    for (const child of children) child.send(closing);
  };
  return {
    get closing() {
      return closing;
    },
    set closing(wanted) {
      closing = wanted;
      tell();
    },
    async start() {
      children = machines.map((machine) =>
        rack.start(
          `web-${machine}`,
          [...rack.inside(machine), process.execPath, fileURLToPath(import.meta.url), name],
          { messages: true },
        ),
      );
      await Promise.all(children.map((child) => new Promise((resolve) => child.once("message", resolve))));
      tell();
    },
    async stop() {
      await Promise.all(children.splice(0).map(end));
    },
  };
}
