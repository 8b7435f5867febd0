// Node ports: kept where green has them free, else left to green, and told.
import {
  at,
  changed,
  idOf,
  type KubeObject,
  kindOf,
  listOf,
  nameOf,
  numberAt,
  textAt,
  without,
} from "./objects.ts";

export interface MovedPort {
  /** As `Service shop/web`. */
  readonly service: string;
  /** As `80/TCP`, or `health check`. */
  readonly port: string;
  readonly blue: number;
  /** The one that green has given; undefined as long as it has not. */
  readonly green: number | undefined;
}

export interface FittedPorts {
  /** In the order in which they are to be applied: those that keep all their ports first. */
  readonly services: readonly KubeObject[];
  readonly moved: readonly MovedPort[];
}

const healthCheck = "health check";

/** `services`: blue's, cleaned. `green`: what is there already. */
export function fitNodePorts(services: readonly KubeObject[], green: readonly KubeObject[]): FittedPorts {
  const holders = new Map(
    green.flatMap((service) => nodePorts(service).map((port) => [port, idOf(service)])),
  );
  const own = new Map(green.map((service) => [idOf(service), service]));
  const fitted = services.map((service) => fitPorts(service, own.get(idOf(service)), holders));
  return {
    // A port that green chooses may be one that another Service wants to keep.
    services: [...fitted].sort((a, b) => a.moved.length - b.moved.length).map(({ service }) => service),
    moved: fitted.flatMap(({ moved }) => moved),
  };
}

function fitPorts(
  service: KubeObject,
  own: KubeObject | undefined,
  holders: ReadonlyMap<number, string>,
): { readonly service: KubeObject; readonly moved: readonly MovedPort[] } {
  const id = idOf(service);
  const moved: MovedPort[] = [];
  /** Whether the port has to be another one. What green has once given stays: somebody may rely on it by now. */
  const moves = (port: string, blue: number, given: number | undefined) => {
    const holder = holders.get(blue);
    const isFree = holder === undefined || holder === id;
    if (given === undefined ? isFree : given === blue) return false;
    moved.push({ service: nameOf(service), port, blue, green: given });
    return true;
  };
  const ports = changed(service, ["spec", "ports"], (found) =>
    listOf(found).map((port) => {
      const blue = numberAt(port, "nodePort");
      const given = numberAt(samePort(own, port), "nodePort");
      return blue !== undefined && moves(portText(port), blue, given) ? without(port, "nodePort") : port;
    }),
  );
  const check = numberAt(service, "spec", "healthCheckNodePort");
  const fitted =
    check !== undefined && moves(healthCheck, check, numberAt(own, "spec", "healthCheckNodePort"))
      ? without(ports, "spec", "healthCheckNodePort")
      : ports;
  return { service: fitted, moved };
}

/** With the port that green has given by now. */
export function givenPort(moved: MovedPort, green: readonly KubeObject[]): MovedPort {
  const service = green.find((object) => kindOf(object) === "Service" && nameOf(object) === moved.service);
  const port = listOf(at(service, "spec", "ports")).find((each) => portText(each) === moved.port);
  const given =
    moved.port === healthCheck ? at(service, "spec", "healthCheckNodePort") : numberAt(port, "nodePort");
  return typeof given === "number" ? { ...moved, green: given } : moved;
}

function samePort(service: KubeObject | undefined, port: unknown): unknown {
  return listOf(at(service, "spec", "ports")).find((each) => portText(each) === portText(port));
}

export function portText(port: unknown): string {
  return `${numberAt(port, "port")}/${textAt(port, "protocol") ?? "TCP"}`;
}

function nodePorts(service: KubeObject): number[] {
  const ports = listOf(at(service, "spec", "ports")).map((port) => numberAt(port, "nodePort"));
  return [...ports, numberAt(service, "spec", "healthCheckNodePort")].filter((port) => port !== undefined);
}
