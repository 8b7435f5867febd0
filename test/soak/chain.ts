// Versions of one cluster that replace each other on four machines, over and over, below work that must not notice: a web
// service with a client at a constant rate, and a counter on a network volume. Odd versions have their master on b1, even ones
// on g1; both workers are everybody's.
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { labNames } from "../../modules/lab/index.ts";
import type { ReplacementSpec } from "../../modules/spec/index.ts";
import { Api, readyNodes } from "../lab/harness/api.ts";
import { type Asked, ask, type Client, startClient } from "../lab/harness/client.ts";
import {
  type CounterClient,
  counterFile,
  counterPort,
  judge,
  parseIncrements,
  startCounter,
} from "../lab/harness/counter.ts";
import { eventually } from "../lab/harness/eventually.ts";
import { type FileServer, mountedTwice, startFileServer, volumeDriver } from "../lab/harness/file-server.ts";
import { type ClusterFile, type ClusterOptions, writeCluster } from "../lab/harness/project.ts";
import { openRack, type Rack } from "../lab/harness/rack.ts";
import { claimOf, printOf, shareOf, writeBalancer } from "../lab/support/replacement.ts";
import { deployWork, webPort } from "../lab/support/shop.ts";

const machines = ["b1", "g1", "w1", "w2"];
const workers = ["w1", "w2"];

export interface Version {
  /** As `v3`. */
  readonly name: string;
  /** As `lab-v3`. */
  readonly cluster: string;
  /** Where the load balancer and the counter's client find it, too. */
  readonly master: string;
}

export function versionOf(number: number): Version {
  return { name: `v${number}`, cluster: `lab-v${number}`, master: number % 2 === 1 ? "b1" : "g1" };
}

/** A machine that lost power. */
export interface Death {
  readonly machine: string;
  /** The cluster that held it. */
  readonly version: Version;
  readonly at: Date;
  /** When what it did for that cluster was done again, by it or by others. */
  healed?: Date;
}

/** Seconds that a request may take. */
const slack = 5;

/** Steps as short as they can be and still be killed in. */
const replacement: Omit<ReplacementSpec, "traffic"> = {
  waves: 1,
  soak: 1,
  hold: 3,
  checks: [{ name: "web", command: ["true"] }],
  canary: { share: 20, seconds: 2, check: ["true"] },
  archive: { encrypt: false },
};

export interface Counted {
  readonly requests: number;
  /** Failed, and no death explains it. */
  readonly failed: readonly Asked[];
  readonly explained: number;
  readonly increments: number;
  /** Sentences. */
  readonly wrong: readonly string[];
}

export class Chain {
  readonly rack: Rack;
  readonly deaths: Death[] = [];
  /** Clusters that each machine has been a Ready node of. */
  readonly served = new Map<string, string[]>(machines.map((machine) => [machine, []]));
  readonly #files: FileServer;
  readonly #proxy: string;
  readonly #prints = new Map<string, string>();
  #from: Version = versionOf(1);
  #to: Version | undefined;
  #web: Client | undefined;
  #counter: CounterClient | undefined;

  private constructor(rack: Rack, files: FileServer) {
    this.rack = rack;
    this.#files = files;
    this.#proxy = `http://127.0.0.1:${rack.project.ports.proxy}`;
  }

  /** Lands the first version, with its work and its clients. */
  static async open(name: string): Promise<Chain> {
    const first = versionOf(1);
    const rack = await openRack({ name, machines, clusters: { [first.cluster]: optionsOf(first) } });
    const folder = join(rack.project.root, "shared");
    const namespace = labNames(name).switchNamespace;
    const files = await startFileServer({ namespace, address: "10.77.0.1", folder });
    const chain = new Chain(rack, files);
    try {
      rack.editCluster(first.cluster, withDriver);
      await rack.landfall("deploy", first.cluster);
      chain.#serves(first);
      await deployWork(rack, first.cluster, first.master, files);
      await eventually("the web service", 60, () => chain.#ask(first));
      const counters = ["b1", "g1"].map((machine) => [machine, chain.#target(machine, counterPort)]);
      chain.#counter = startCounter(chain.#proxy, 100, Object.fromEntries(counters));
      await eventually("the counter", 60, async () => chain.#counter?.acknowledged[0]);
      let count = 0;
      chain.#web = startClient(chain.#proxy, 50, () => {
        count += 1;
        const share = chain.#to === undefined ? 0 : shareOf(rack.project.root, chain.#to.name);
        const version = (count * 37) % 100 < share ? chain.#to! : chain.#from;
        return chain.#target(version.master, webPort);
      });
      return chain;
    } catch (error) {
      await chain.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    await Promise.all([this.#web?.stop(), this.#counter?.stop()]);
    await this.#files.stop();
    await this.rack.down();
  }

  /** Writes the file of the version that is to take the place of the one that is there. */
  prepare(from: Version, to: Version): void {
    const { root } = this.rack.project;
    writeCluster(root, to.cluster, optionsOf(to));
    const traffic = writeBalancer(root, to.name);
    this.rack.editCluster(to.cluster, (file) => {
      withDriver(file);
      file.replacement = { ...replacement, traffic };
    });
    this.#from = from;
    this.#to = to;
  }

  /** Removes the file of a version that was replaced. */
  forget(from: Version, to: Version): void {
    this.#from = to;
    this.#to = undefined;
    rmSync(join(this.rack.project.root, "clusters", `${from.cluster}.yaml`));
  }

  /** Percent of the traffic that a version gets now. */
  shareOf({ name }: Version): number {
    if (this.#to === undefined) return 100;
    const share = shareOf(this.rack.project.root, this.#to.name);
    return name === this.#to.name ? share : 100 - share;
  }

  /** Whether what the machine did for its cluster is done again: it serves as before, or is the cluster's no more. */
  async isHealed({ machine, version, at }: Death): Promise<boolean> {
    const claim = claimOf(this.rack, machine);
    if (claim?.holder !== version.cluster) return true;
    const { handover } = claim;
    // Drained: nothing is left on it.
    if (handover !== undefined && handover.stage !== "leaving") return true;
    const kubeconfig = join(this.rack.project.root, ".landfall/run", version.cluster, "kubeconfig");
    if (!existsSync(kubeconfig)) return false;
    const api = new Api(readFileSync(kubeconfig, "utf8"));
    if (!(await readyNodes(api, at)).includes(machine)) return false;
    const { items } = await api.get<PodList>(`/api/v1/pods?fieldSelector=spec.nodeName=${machine}`);
    const isBack = ({ metadata, status }: PodList["items"][number]) =>
      metadata.deletionTimestamp !== undefined ||
      (status.containerStatuses ?? []).every(
        ({ ready, state }) => ready && Date.parse(state.running?.startedAt ?? "") > at.getTime() - 1000,
      );
    if (!items.filter(({ metadata }) => ["shop", "counter"].includes(metadata.namespace)).every(isBack))
      return false;
    if (this.shareOf(version) === 0) return true;
    // Through its balancer, whichever pod is chosen.
    for (let good = 0; good < 8; good += 1) await this.#ask(version);
    return true;
  }

  /** What is not as it has to be when one version is all there is: sentences. */
  async whatIsWrong(only: Version, other: Version): Promise<string[]> {
    const { rack } = this;
    const wrong: string[] = [];
    const check = async (what: string, look: () => Promise<string | undefined>) => {
      try {
        await eventually(what, 120, async () => {
          const found = await look();
          if (found !== undefined) throw new Error(found);
          return true;
        });
      } catch (error) {
        wrong.push(String(error));
      }
    };
    const own = [only.master, ...workers].sort();
    await check(`nodes of ${only.cluster}`, async () => {
      const ready = await readyNodes(await rack.api(only.cluster), this.deaths.at(-1)?.at);
      return ready.join() === own.join() ? undefined : `Ready: ${ready}, expected ${own}`;
    });
    if (wrong.length === 0) this.#serves(only);
    const { exitCode, output } = await rack.tryLandfall("status", only.cluster);
    if (exitCode !== 0) wrong.push(`landfall status ${only.cluster}: ${output}`);
    for (const machine of machines) {
      const claim = claimOf(rack, machine);
      const expected = own.includes(machine) ? only.cluster : undefined;
      if (claim?.holder !== expected || claim?.handover !== undefined)
        wrong.push(`${machine}: expected ${expected ?? "nobody"} to hold it, found ${JSON.stringify(claim)}`);
    }
    const { stdout } = await rack.landfall("boot", "machines", "--json");
    const known: { name: string; installed?: { cluster: string } }[] = JSON.parse(stdout);
    const taken = known.filter(({ name, installed }) => !own.includes(name) && installed !== undefined);
    for (const { name, installed } of taken)
      wrong.push(`the boot service has ${name} in service of ${installed?.cluster}`);
    if (existsSync(join(rack.project.root, ".landfall/run", other.cluster)))
      wrong.push(`${other.cluster} is still known`);
    const state = join(rack.project.root, ".landfall/terraform", `${other.cluster}.tfstate`);
    if (existsSync(state) && JSON.parse(readFileSync(state, "utf8")).resources.length > 0)
      wrong.push(`${other.cluster} has Terraform resources`);
    if (this.shareOf(only) !== 100) wrong.push(`${only.cluster} has ${this.shareOf(only)} % of the traffic`);
    const print = await this.#printOf(only);
    const before = this.#counter!.acknowledged.length;
    await check(`the counter in ${only.cluster}`, async () => {
      const since = this.#counter!.acknowledged.slice(before);
      return since.some(({ writer }) => writer.startsWith(`${print}.`)) ? undefined : "it does not count";
    });
    return wrong;
  }

  /** All that clients and the counter have seen until now. */
  count(): Counted {
    const asked = [...this.#web!.asked];
    const acknowledged = [...this.#counter!.acknowledged];
    const text = readFileSync(join(this.#files.folder, counterFile), "utf8");
    const { increments, turns: _, ...verdict } = judge(parseIncrements(text), acknowledged);
    const deaths = this.deaths.map(({ machine, at }) => ({
      machine: this.#address(machine),
      at: at.toISOString(),
    }));
    const failed = asked.filter(({ error }) => error !== undefined);
    const unexplained = failed.filter((each) => !this.deaths.some((death) => this.#explains(death, each)));
    return {
      requests: asked.length,
      failed: unexplained,
      explained: failed.length - unexplained.length,
      increments,
      wrong: [
        ...Object.entries(verdict).flatMap(([what, which]) => which.map((each) => `${what}: ${each}`)),
        ...mountedTwice(this.#files.connections, deaths).map((each) => `mounted twice: ${each}`),
      ],
    };
  }

  /**
   * A death explains the failures of requests to the cluster that held the machine, begun from `slack` seconds before it
   * until its work was done again: the load balancer sends all requests of a cluster to its master, and nodes send them on to
   * pods of a dead one until they hear of it.
   */
  #explains({ version, at, healed }: Death, { target, at: begun }: Asked): boolean {
    const [from, to] = [at.getTime() - slack * 1000, (healed?.getTime() ?? Number.POSITIVE_INFINITY) + 1000];
    const time = Date.parse(begun);
    return target === this.#target(version.master, webPort) && time >= from && time <= to;
  }

  #serves({ cluster, master }: Version): void {
    for (const machine of [master, ...workers]) this.served.get(machine)?.push(cluster);
  }

  async #printOf({ cluster }: Version): Promise<string> {
    const known = this.#prints.get(cluster) ?? (await printOf(this.rack, cluster));
    this.#prints.set(cluster, known);
    return known;
  }

  #ask(version: Version): Promise<string> {
    return ask(this.#proxy, this.#target(version.master, webPort));
  }

  #target(machine: string, port: number): string {
    return `${this.#address(machine)}:${port}`;
  }

  #address(machine: string): string {
    return this.rack.project.machines.find(({ name }) => name === machine)!.address;
  }
}

interface PodList {
  readonly items: readonly {
    readonly metadata: { readonly namespace: string; readonly deletionTimestamp?: string };
    readonly status: {
      readonly containerStatuses?: readonly {
        readonly ready: boolean;
        readonly state: { readonly running?: { readonly startedAt: string } };
      }[];
    };
  }[];
}

function optionsOf({ master }: Version): ClusterOptions {
  return { masters: [master], workers, endpoint: master === "b1" ? 10 : 11 };
}

function withDriver({ pools }: ClusterFile): void {
  for (const pool of pools) pool.files = volumeDriver();
}
