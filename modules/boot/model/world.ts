// A machine, two replicas of the boot service on one store, the deployers of three landings, and everything that can go
// wrong between them. The service is the real one; the machine does what modules/release/initrd/init does.
import { LandfallError } from "../../spec/error.ts";
import { type BootGate, bootGate } from "../gate.ts";
import { type Machines, openMachines } from "../machine/machines.ts";
import type { BootAnswer, MachineEvent, MachineRecord, Order, OrderKind, Report } from "../machine/types.ts";
import { openMemoryStore } from "../store/memory.ts";
import type { BootStore, Entry } from "../store/types.ts";
import { Ended, type Life, Simulation } from "./simulation.ts";

/** A service or an installer that is built wrong on purpose: the model must catch it. */
export interface Faulty {
  readonly store?: (store: BootStore) => BootStore;
  readonly machines?: (machines: Machines, store: BootStore) => Machines;
  readonly gate?: (gate: BootGate, machines: Machines) => BootGate;
  /** Default: true. */
  readonly installerReadsMarker?: boolean;
  /** Default: true. */
  readonly installerAsks?: boolean;
  /** As real Matchbox: whoever asks is answered with the install of whoever came last. */
  readonly alwaysInstalls?: boolean;
}

export interface Landing {
  readonly cluster: string;
  readonly generation: string;
}

const mac = "52:54:00:00:00:01";
const epoch = Date.parse("2026-01-02T03:04:05Z");
const armedSeconds = 900;
const hour = 3_600;
const year = 365 * 24 * hour;
const wrongClocks = [0, hour, -hour, year, -year];

class Lost extends Error {}

interface Replica {
  life: Life;
  machines: Machines;
  gate: BootGate;
  /** Seconds that its clock is wrong by. */
  clock: number;
}

interface Disk {
  marker: (Landing & { readonly state: "installing" | "installed" }) | undefined;
  /** How much of a system is on it: 0 up to `parts`. */
  contents: number;
}
const parts = 3;

export class World {
  readonly sim: Simulation;
  private readonly faulty: Faulty;
  private readonly store = openMemoryStore();
  private readonly replicas: Replica[];
  private readonly disk: Disk = { marker: undefined, contents: 0 };
  /** Undefined: off. */
  private machine: Life | undefined;
  /** What the machine runs from its disk. */
  private running: Landing | undefined;
  private reboot = false;
  /** Landings that their own deployer has begun to retire. */
  private readonly given = new Set<string>();
  private deployers: { life: Life; readonly start: () => void }[] = [];
  private busy = 0;

  constructor(choices: readonly number[], faulty: Faulty = {}) {
    this.sim = new Simulation(choices);
    this.faulty = faulty;
    this.replicas = [0, 1].map((index) => this.replica(index * 20));
  }

  /**
   * Deploys blue; then perhaps retires it and deploys the next, of the same cluster or of another; while a rival tries
   * to get the machine too. Ends when the last one is installed, and several more starts have not harmed it.
   */
  async play(): Promise<void> {
    const blue = { cluster: "blue-v1", generation: "g1" };
    const after = [
      undefined,
      { cluster: "blue-v1", generation: "g2" },
      { cluster: "green-v1", generation: "g1" },
    ][this.sim.choose(3)];
    // Matchbox knows neither orders nor two clusters that want one machine.
    const next = this.faulty.alwaysInstalls ? undefined : after;
    const last = next ?? blue;
    let retired = false;
    this.deployer(`deploy ${blue.cluster} ${blue.generation}`, async (life) => {
      await this.deploy(life, blue);
      if (next === undefined) return;
      if (!retired) await this.retire(life, blue);
      // As Terraform's state, which a killed deployer finds again.
      retired = true;
      await this.deploy(life, next);
    });
    if (this.sim.choose(2) === 1 && !this.faulty.alwaysInstalls)
      this.deployer("rival", (life) => this.rival(life));
    await this.sim.run(
      () => this.busy === 0 && this.serves(last),
      () => this.weather(),
      3_000,
    );
    // Left on network boot first: it must come up from its disk, whoever asks for what.
    for (let starts = 0; starts < 3; starts++) {
      const before = this.machine;
      this.cutPower();
      await this.sim.run(
        () => this.machine !== before && this.serves(last),
        () => {},
        500,
      );
    }
    const { installed } = (await this.record())!;
    if (!same(installed, last)) this.sim.violate(`the record says ${JSON.stringify(installed)}`);
    await this.sim.run(
      () => true,
      () => {},
      1,
    );
  }

  private serves(landing: Landing): boolean {
    return same(this.running, landing) && same(this.disk.marker, landing) && this.disk.contents === parts;
  }

  /** Between two steps; 0 is fair weather. */
  private weather(): void {
    const { sim } = this;
    switch (sim.choose(40)) {
      case 1:
      case 2:
        this.cutPower();
        return;
      case 3:
      case 4:
        this.crash(this.replicas[sim.choose(2)]!);
        return;
      case 5: {
        const replica = this.replicas[sim.choose(2)]!;
        replica.clock = wrongClocks[sim.choose(wrongClocks.length)]!;
        sim.say(`a replica's clock is ${replica.clock} s wrong`);
        return;
      }
      case 6:
        this.reboot = true;
        return;
      case 7: {
        const deployer = this.deployers[sim.choose(this.deployers.length)];
        if (deployer === undefined || deployer.life.ended) return;
        sim.say("a deployer is killed, and started again");
        sim.end(deployer.life);
        deployer.start();
      }
    }
  }

  // ---- the service

  private replica(clock: number): Replica {
    const replica = { clock, life: { ended: false } } as Replica;
    this.boot(replica);
    return replica;
  }

  private crash(replica: Replica): void {
    this.sim.say("a replica is killed, and started again");
    this.sim.end(replica.life);
    replica.life = { ended: false };
    this.boot(replica);
  }

  private boot(replica: Replica): void {
    const { machines = (each) => each, gate = (each) => each, store: wrong = (each) => each } = this.faulty;
    const store = wrong(this.slow(replica.life));
    const now = () => new Date(epoch + (this.sim.seconds + replica.clock) * 1000);
    replica.machines = machines(openMachines({ store, now }), store);
    replica.gate = gate(bootGate(replica.machines, now), replica.machines);
  }

  /** The store as one replica sees it: others come between any two calls, and some calls fail, written or not. */
  private slow(life: Life): BootStore {
    const { sim, store } = this;
    const maybe = () => {
      if (sim.choose(30) === 29) throw new LandfallError("store-unreachable", "the store is away");
    };
    return {
      ...store,
      get: async (kind, key) => {
        await sim.step(life);
        maybe();
        return store.get(kind, key);
      },
      put: async (kind, key, bytes, expected) => {
        await sim.step(life);
        maybe();
        const before = await store.get(kind, key);
        const result = await store.put(kind, key, bytes, expected);
        if (result !== "conflict") this.look(read(before), read({ key, bytes, version: "" })!);
        await sim.step(life);
        maybe();
        return result;
      },
    };
  }

  private async record(): Promise<MachineRecord | undefined> {
    return read(await this.store.get("machines", mac.replaceAll(":", "")));
  }

  /** What must be true of every write to the record. */
  private look(before: MachineRecord | undefined, after: MachineRecord): void {
    const { installed } = before ?? {};
    const { order } = after;
    const taken =
      order !== undefined && order.boots > (before?.order?.id === order.id ? before.order.boots : 0);
    if (taken && installed !== undefined && writes(order))
      this.sim.violate(`an order to ${order.kind} is taken by a machine in service`);
    if (installed !== undefined && !same(after.installed, installed) && !this.given.has(nameOf(installed)))
      this.sim.violate(`${nameOf(installed)} was not retired, and its record is gone`);
    const other = before?.order;
    if (
      other?.state === "running" &&
      other.id !== order?.id &&
      order !== undefined &&
      other.cluster !== order.cluster
    )
      this.sim.violate(`${order.cluster}'s order takes the place of ${other.cluster}'s, which is running`);
  }

  /** A request, as networks treat it: lost on the way there or back, or come twice. */
  private async call<T>(life: Life, ask: (replica: Replica) => Promise<T>, late = true): Promise<T> {
    const { sim } = this;
    await sim.step(life);
    const fate = sim.choose(12);
    if (fate === 11) throw new Lost();
    const replica = this.replicas[sim.choose(2)]!;
    if (fate === 10) {
      // Its copy may come whenever it likes, unless the service knows by when it was wanted.
      const copy = ask(replica).then(
        () => {},
        () => {},
      );
      if (!late) await copy;
    }
    const answer = ask(replica).catch((error) => {
      // A service that was killed does not answer.
      throw error instanceof Ended ? new Lost() : error;
    });
    if (fate === 9) {
      await answer.catch(() => {});
      await sim.step(life);
      throw new Lost();
    }
    const result = await answer.then(
      (value) => ({ value }),
      (error: unknown) => ({ error }),
    );
    await sim.step(life);
    if ("error" in result) throw result.error;
    return result.value;
  }

  // ---- the machine

  private powerOn(): void {
    if (this.machine !== undefined) return;
    const life: Life = { ended: false };
    this.machine = life;
    this.sim.start(() => this.live(life));
  }

  private powerOff(): void {
    if (this.machine === undefined) return;
    this.sim.end(this.machine);
    this.machine = undefined;
    this.running = undefined;
  }

  /** It comes back by itself. */
  private cutPower(): void {
    if (this.machine === undefined) return;
    this.sim.say("power is cut");
    this.powerOff();
    this.powerOn();
  }

  /** Start after start, always from the network first. */
  private async live(life: Life): Promise<void> {
    for (;;) {
      this.running = undefined;
      this.reboot = false;
      await this.sim.step(life);
      const answer = await this.persist(3, () => this.call(life, ({ gate }) => this.asked(gate)));
      if (answer?.boot === "order") await this.obey(life, answer.order);
      // Also when nobody answers: firmware goes on to its next device.
      else if (this.disk.marker?.state === "installed") await this.serve(life);
    }
  }

  private async asked(gate: BootGate): Promise<BootAnswer | undefined> {
    const answer = await gate.boot(mac);
    const order = (await this.record())?.order;
    if (answer?.boot === "order" && order?.id === answer.order.id && order.state === "armed")
      this.sim.violate("an order was handed out, and is not written down as taken");
    if (!this.faulty.alwaysInstalls || order === undefined) return answer;
    return { boot: "order", order: { ...order, kind: "install" } };
  }

  private async obey(life: Life, order: Order): Promise<void> {
    this.sim.say(`the machine starts to ${order.kind} for ${nameOf(order)}`);
    if (!writes(order)) return this.idle(life);
    if (this.faulty.installerAsks !== false && !this.faulty.alwaysInstalls) {
      const state = await this.persist(5, () =>
        this.call(life, (replica) => stateOf(replica.machines, order)),
      );
      // Where nobody answers it goes on, by the order that it has.
      if (state !== undefined && state !== "running") return;
    }
    const { marker } = this.disk;
    if (this.faulty.installerReadsMarker !== false && marker !== undefined) {
      if (marker.cluster !== order.cluster) return this.report(life, order, { result: "failed" });
      if (order.kind === "install" && marker.state === "installed" && same(marker, order)) {
        await this.report(life, order, { result: "installed" });
        return this.serve(life);
      }
    }
    await this.write(life, order, { marker: undefined, contents: 0 });
    if (order.kind === "wipe") return this.report(life, order, { result: "wiped" });
    const { cluster, generation } = order;
    const marked = (state: "installing" | "installed") => ({ marker: { cluster, generation, state } });
    await this.write(life, order, marked("installing"));
    await this.report(life, order, { stage: "install" });
    for (let contents = 1; contents <= parts; contents++) await this.write(life, order, { contents });
    await this.write(life, order, marked("installed"));
    await this.report(life, order, { result: "installed" });
    await this.serve(life);
  }

  private async write(life: Life, order: Order, change: Partial<Disk>): Promise<void> {
    await this.sim.step(life);
    const { marker } = this.disk;
    if (marker?.state === "installed" && !this.given.has(nameOf(marker)))
      this.sim.violate(
        `${order.kind} for ${nameOf(order)} writes over ${nameOf(marker)}, which is in service`,
      );
    this.sim.say(`disk: ${JSON.stringify(change)}`);
    Object.assign(this.disk, change);
  }

  /** A machine that gets no answer goes on: its next start will tell. */
  private async report(life: Life, order: Order, told: Omit<Report, "order">): Promise<void> {
    const event: MachineEvent = { type: "report", report: { order: order.id, ...told } };
    await this.persist(5, () => this.call(life, ({ machines }) => machines.apply(mac, event)));
  }

  private async serve(life: Life): Promise<void> {
    const { marker } = this.disk;
    if (this.disk.contents !== parts)
      this.sim.violate(`half a system is started, marked ${JSON.stringify(marker)}`);
    this.running = marker;
    await this.idle(life);
  }

  private async idle(life: Life): Promise<void> {
    while (!this.reboot) await this.sim.step(life);
  }

  // ---- deployers

  /** Killed, it does again what it was about to do. */
  private deployer(name: string, act: (life: Life) => Promise<void>): void {
    this.busy += 1;
    const deployer = {
      life: { ended: false },
      start: () => {
        const life = { ended: false };
        deployer.life = life;
        this.sim.start(async () => {
          await act(life);
          this.sim.say(`${name}: done`);
          life.ended = true;
          this.busy -= 1;
        });
      },
    };
    this.deployers.push(deployer);
    deployer.start();
  }

  private async deploy(life: Life, landing: Landing): Promise<void> {
    // One that is killed and started again does not deploy anew what it has retired since.
    if (this.given.has(nameOf(landing))) return;
    for (;;) {
      const machine = { mac, name: "m1", site: "lab" };
      await this.insist(life, { type: "register", machine });
      const refused = await this.arm(life, landing, "install");
      if (refused === "already-installed") {
        this.powerOn();
        return;
      }
      if (refused !== undefined) continue;
      this.powerOn();
      for (let looks = 0; looks < 60; looks++) {
        const record = await this.persist(1, () => this.call(life, ({ machines }) => machines.get(mac)));
        if (same(record?.installed, landing)) return;
        const { state } = record?.order ?? {};
        if (record !== undefined && state !== "armed" && state !== "running") break;
      }
      this.sim.say(`${nameOf(landing)}: starts the machine again`);
      this.powerOff();
    }
  }

  /** Off, let go of, wiped and the wipe proven. */
  private async retire(life: Life, landing: Landing): Promise<void> {
    this.given.add(nameOf(landing));
    this.sim.say(`${nameOf(landing)}: retires`);
    await this.insist(life, { type: "cancel", ...landing });
    this.powerOff();
    await this.insist(life, { type: "release", ...landing });
    for (;;) {
      const refused = await this.arm(life, landing, "wipe");
      // Somebody else's system is on the disk: then nothing of this landing's is.
      if (refused === "in-service") return this.powerOn();
      if (refused !== undefined) continue;
      this.powerOff();
      this.powerOn();
      for (let looks = 0; looks < 60; looks++) {
        const record = await this.persist(1, () => this.call(life, ({ machines }) => machines.get(mac)));
        const order = record?.order;
        if (
          record === undefined ||
          (same(order, landing) && order?.state !== "done" && order?.state !== "failed")
        )
          continue;
        if (!same(order, landing) || order?.kind !== "wipe") break;
        this.powerOff();
        await this.insist(life, { type: "release", ...landing });
        return;
      }
    }
  }

  /** Another cluster that wants the machine for something. What it gets, it gives back. */
  private async rival(life: Life): Promise<void> {
    const landing = { cluster: "rival-v1", generation: "g1" };
    const kind = (["install", "wipe", "rescue", "memory"] as const)[this.sim.choose(4)]!;
    for (let attempts = 0; attempts < 5 && !this.given.has(nameOf(landing)); attempts++) {
      const refused = await this.arm(life, landing, kind);
      if (refused !== undefined) continue;
      this.powerOn();
      for (let steps = this.sim.choose(100); steps > 0; steps--) await this.sim.step(life);
      break;
    }
    await this.retire(life, landing);
  }

  /** @returns why not, or undefined. */
  private async arm(life: Life, landing: Landing, kind: OrderKind): Promise<string | undefined> {
    const event: MachineEvent = {
      type: "arm",
      order: { id: this.newId(), kind, ...landing, seconds: armedSeconds },
    };
    for (;;) {
      try {
        await this.call(life, ({ machines }) => machines.apply(mac, event), false);
        this.sim.say(`${nameOf(landing)}: may ${kind}`);
        return undefined;
      } catch (error) {
        if (error instanceof LandfallError && error.code !== "store-unreachable") return error.code;
        if (!(error instanceof Lost) && !(error instanceof LandfallError)) throw error;
      }
    }
  }

  private ids = 0;
  private newId(): string {
    this.ids += 1;
    return String(this.ids).padStart(32, "0");
  }

  /** Until it was done. */
  private async insist(life: Life, event: MachineEvent): Promise<void> {
    while (
      (await this.persist(1, () => this.call(life, ({ machines }) => machines.apply(mac, event)))) ===
      undefined
    );
  }

  /** Tries again what got lost; undefined when it never came through. */
  private async persist<T>(times: number, act: () => Promise<T>): Promise<T | undefined> {
    for (let attempt = 0; attempt < times; attempt++) {
      try {
        return await act();
      } catch (error) {
        if (error instanceof LandfallError && error.code !== "store-unreachable") return undefined;
        if (!(error instanceof Lost) && !(error instanceof LandfallError)) throw error;
      }
    }
    return undefined;
  }
}

async function stateOf(machines: Machines, { id }: Order): Promise<string> {
  const order = (await machines.get(mac))?.order;
  return order?.id === id ? order.state : "other";
}

function read(entry: Entry | undefined): MachineRecord | undefined {
  return entry && (JSON.parse(Buffer.from(entry.bytes).toString()) as MachineRecord);
}

function writes({ kind }: Order): boolean {
  return kind === "install" || kind === "wipe";
}

function same(a: Landing | undefined, b: Landing): boolean {
  return a?.cluster === b.cluster && a.generation === b.generation;
}

function nameOf({ cluster, generation }: Landing): string {
  return `${cluster} ${generation}`;
}
