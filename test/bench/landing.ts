// Landfall beside kubeadm: the same five machines, the same operating system and images, one after the other in the
// same run, and the same eye on both.
import { readFileSync } from "node:fs";
import { landingReport, openWorkspace, reportRows } from "../../modules/cli/index.ts";
import { eventually } from "../lab/harness/eventually.ts";
import { repository } from "../lab/harness/project.ts";
import type { Rack } from "../lab/harness/rack.ts";
import { administrator, cluster, machines, type Sighting, seconds, sight, withRack } from "./cluster.ts";
import { prepareKubeadm } from "./kubeadm/index.ts";
import { type Bench, columns, median } from "./measure.ts";
import type { BenchOptions } from "./run.ts";

/** Of kubeadm's time. */
const ratioAtMost = 0.3;

/** Seconds since the machines had power. */
interface Landed extends Sighting {
  /** CPU seconds that the machines and the rack's services have used, and those of the commands that landed it. */
  readonly cpu: number;
  /** What came when, by name, in order. */
  readonly stages: readonly (readonly [string, number])[];
}

export async function landing({ runs, say }: BenchOptions): Promise<Bench> {
  const workspace = openWorkspace(repository, process.env);
  const kubeadm = await prepareKubeadm(workspace.cache);
  const results: { landfall: Landed[]; kubeadm: Landed[] } = { landfall: [], kubeadm: [] };
  for (let run = 1; run <= runs; run += 1) {
    const ours = await withRack((rack) => landfall(rack, say));
    tell(`run ${run}, Landfall`, ours, say);
    const theirs = await withRack(async (rack) => {
      const before = childrenCpu();
      const { stages, sighting } = await kubeadm.land(rack);
      return landed(rack, sighting, stages, before);
    });
    tell(`run ${run}, kubeadm`, theirs, say);
    results.landfall.push(ours);
    results.kubeadm.push(theirs);
  }
  const of = (who: keyof typeof results, what: "ready" | "service" | "cpu") =>
    results[who].map((each) => each[what]);
  const ratio = (what: keyof Sighting) => [median(of("landfall", what)) / median(of("kubeadm", what))];
  return {
    name: "landing",
    measures: [
      { name: "Landfall: power to all Ready", unit: "s", values: of("landfall", "ready") },
      {
        name: "Landfall: power to a Service from every node",
        unit: "s",
        values: of("landfall", "service"),
        atMost: 45,
      },
      { name: "kubeadm: power to all Ready", unit: "s", values: of("kubeadm", "ready") },
      { name: "kubeadm: power to a Service from every node", unit: "s", values: of("kubeadm", "service") },
      { name: "Landfall: CPU used", unit: "s", values: of("landfall", "cpu") },
      { name: "kubeadm: CPU used", unit: "s", values: of("kubeadm", "cpu") },
      { name: "ratio: all Ready", unit: "", values: ratio("ready"), atMost: ratioAtMost },
      { name: "ratio: a Service from every node", unit: "", values: ratio("service"), atMost: ratioAtMost },
    ],
  };
}

/** A plain `landfall deploy`. */
async function landfall(rack: Rack, say: (line: string) => void): Promise<Landed> {
  const before = childrenCpu();
  const deploy = rack.landfall("deploy", cluster);
  await eventually("power of any machine", 60, async () => rack.events()[0]);
  const [sighting, [outcome, ended]] = await Promise.all([
    sight(rack, administrator(rack)),
    deploy.then((done) => [done, seconds()] as const),
  ]);
  const report = landingReport(rack.events(), machines);
  for (const line of columns(reportRows(report)).split("\n")) say(line);
  // Its own clock starts a little after the process: both ends are the same.
  const begun = ended - Number(/is healthy: .*, ([\d.]+) s$/m.exec(outcome.output)?.[1] ?? outcome.seconds);
  const said = [...outcome.output.matchAll(/^ *(\d+\.\d) s {2}(\S+) +(.*)$/gm)].map(
    ([, at, who, what]) => [`${who} ${what?.slice(0, 60)}`, begun + Number(at)] as const,
  );
  return landed(rack, sighting, [...said, ["landfall deploy ended", ended]], before);
}

/** The same, told from the moment of the first machine's power. */
async function landed(
  rack: Rack,
  sighting: Sighting,
  stages: readonly (readonly [string, number])[],
  commandsBefore: number,
): Promise<Landed> {
  const usage = Object.values(await rack.lab.usage());
  const power = Date.parse(rack.events().find(({ stage }) => stage === "power")!.time) / 1000;
  return {
    ready: sighting.ready - power,
    service: sighting.service - power,
    cpu: usage.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0) + childrenCpu() - commandsBefore,
    stages: stages.map(([name, at]) => [name, at - power]),
  };
}

/** CPU seconds of this process' children that have ended, and of theirs. */
function childrenCpu(): number {
  const stat = readFileSync("/proc/self/stat", "utf8");
  const [user, system] = stat
    .slice(stat.lastIndexOf(")") + 2)
    .split(" ")
    .slice(13, 15);
  return (Number(user) + Number(system)) / 100;
}

function tell(title: string, { ready, service, cpu, stages }: Landed, say: (line: string) => void): void {
  for (const [name, at] of stages) say(`${at.toFixed(1).padStart(6)} s  ${name}`);
  say(
    `${title}: all Ready after ${ready.toFixed(1)} s, a Service after ${service.toFixed(1)} s; ${cpu.toFixed(0)} s of CPU`,
  );
}
