// All masters lose their power at the same moment, and get it back with nobody to help: no DHCP, no boot service.
import { randomUUID } from "node:crypto";
import type { Api } from "../lab/harness/api.ts";
import { readyNodes } from "../lab/harness/api.ts";
import { eventually } from "../lab/harness/eventually.ts";
import type { Rack } from "../lab/harness/rack.ts";
import { administrator, cluster, machines, masters, seconds, sight } from "./cluster.ts";
import type { Bench } from "./measure.ts";
import type { BenchOptions } from "./run.ts";

const targetSeconds = 45;
const configMaps = "/api/v1/namespaces/default/configmaps";

export async function powercut(rack: Rack, { runs, say }: BenchOptions): Promise<Bench> {
  const times = { write: [] as number[], ready: [] as number[], service: [] as number[] };
  const api = await rack.api(cluster);
  for (let run = 1; run <= runs; run += 1) {
    const kept = await write(api);
    await Promise.all([rack.lab.stopService("dhcp"), rack.lab.stopService("boot")]);
    await rack.lab.cutPower(masters);
    const power = seconds();
    await rack.lab.powerOn(masters);
    const since = new Date();
    const [written, ready, { service }] = await Promise.all([
      eventually("a write", 300, () => write(api).then(seconds), 100),
      eventually("all Ready, and heard of again", 300, async () => {
        const found = await readyNodes(api, since);
        return found.length === machines.length ? seconds() : undefined;
      }),
      sight(rack, administrator(rack)),
    ]);
    await api.get(`${configMaps}/${kept}`);
    times.write.push(written - power);
    times.ready.push(ready - power);
    times.service.push(service - power);
    say(
      `run ${run}: a write after ${(written - power).toFixed(1)} s, all Ready after ${(ready - power).toFixed(1)} s, a Service after ${(service - power).toFixed(1)} s; what was written before is there`,
    );
    await Promise.all([rack.lab.startService("dhcp"), rack.lab.startService("boot")]);
  }
  const measure = (name: string, values: readonly number[]) => ({
    name: `power back to ${name}`,
    unit: "s",
    values,
    atMost: targetSeconds,
  });
  return {
    name: "powercut",
    measures: [
      measure("a write", times.write),
      measure("all Ready", times.ready),
      measure("a Service from every node", times.service),
    ],
  };
}

/** Writes something; returns its name. */
async function write(api: Api): Promise<string> {
  const name = `bench-${randomUUID()}`;
  await api.create(configMaps, { apiVersion: "v1", kind: "ConfigMap", metadata: { name } });
  return name;
}
