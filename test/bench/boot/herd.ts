// Many machines that boot at once, each with a connection of its own, as iPXE and Ignition ask. A process of its own:
// `node herd.ts URL MACHINES`; prints how long each request took, in milliseconds, and how long it took altogether.
import { Agent, request } from "node:http";
import { macOf } from "./rack.ts";

const [url = "", machines = ""] = process.argv.slice(2);

function ask(path: string, agent: Agent): Promise<number> {
  const begun = performance.now();
  return new Promise((resolve, reject) => {
    request(`${url}${path}`, { agent }, (response) => {
      response.resume();
      response.once("end", () => {
        if (response.statusCode === 200) resolve(performance.now() - begun);
        else reject(new Error(`${path}: ${response.statusCode}`));
      });
    })
      .once("error", reject)
      .end();
  });
}

async function boot(index: number): Promise<number[]> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const mac = macOf(index).replaceAll(":", "-");
  const times: number[] = [];
  for (const path of [
    "/boot.ipxe",
    `/ipxe?mac=${mac}&arch=x86_64`,
    `/ignition?mac=${mac}`,
    `/metadata?mac=${mac}`,
  ])
    times.push(await ask(path, agent));
  agent.destroy();
  return times;
}

const begun = performance.now();
const times = await Promise.all(Array.from({ length: Number(machines) }, (_, index) => boot(index)));
console.log(JSON.stringify({ all: performance.now() - begun, times: times.flat() }));
