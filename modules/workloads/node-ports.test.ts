import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fitNodePorts, givenPort } from "./node-ports.ts";
import { at, type KubeObject, listOf } from "./objects.ts";

function service(name: string, ports: readonly object[], more: object = {}): KubeObject {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace: "shop" },
    spec: { ports, ...more },
  };
}
const nodePorts = (found: KubeObject) =>
  listOf(at(found, "spec", "ports")).map((port) => at(port, "nodePort"));

describe("node ports", () => {
  it("are kept where they are free in green", () => {
    const web = service("web", [{ port: 80, nodePort: 30080 }]);
    expect(fitNodePorts([web], [])).toEqual({ services: [web], moved: [] });
  });

  it("are left to green where another Service has them, and applied after those that are kept", () => {
    const web = service("web", [
      { port: 80, nodePort: 30080 },
      { port: 443, nodePort: 30443 },
    ]);
    const admin = service("admin", [{ port: 80, nodePort: 30090 }]);
    const { services, moved } = fitNodePorts(
      [web, admin],
      [service("taken", [{ port: 1, nodePort: 30080 }])],
    );
    expect(services.map(({ metadata }) => metadata.name)).toEqual(["admin", "web"]);
    expect(nodePorts(services[1]!)).toEqual([undefined, 30443]);
    expect(moved).toEqual([{ service: "Service shop/web", port: "80/TCP", blue: 30080, green: undefined }]);
  });

  it("that green has once given stay, even when blue's becomes free", () => {
    const web = service("web", [{ port: 80, nodePort: 30080 }]);
    const { services, moved } = fitNodePorts([web], [service("web", [{ port: 80, nodePort: 31000 }])]);
    expect(nodePorts(services[0]!)).toEqual([undefined]);
    expect(moved[0]).toMatchObject({ blue: 30080, green: 31000 });
  });

  it("are told apart by protocol", () => {
    const dns = service("dns", [
      { port: 53, protocol: "UDP", nodePort: 30053 },
      { port: 53, protocol: "TCP", nodePort: 30053 },
    ]);
    expect(fitNodePorts([dns], [dns])).toEqual({ services: [dns], moved: [] });
  });

  it("of health checks move alike", () => {
    const web = service("web", [], { healthCheckNodePort: 30099 });
    const { services, moved } = fitNodePorts([web], [service("taken", [{ port: 1, nodePort: 30099 }])]);
    expect(at(services[0], "spec", "healthCheckNodePort")).toBeUndefined();
    const given = service("web", [], { healthCheckNodePort: 31111 });
    expect(moved.map((port) => givenPort(port, [given]))).toMatchObject([{ blue: 30099, green: 31111 }]);
  });

  it("never clash in green, whatever is there", () => {
    const port = fc.integer({ min: 30000, max: 30006 });
    const some = (prefix: string) =>
      fc
        .uniqueArray(port, { maxLength: 5 })
        .map((ports) =>
          ports.map((nodePort, index) => service(`${prefix}${index}`, [{ port: 80, nodePort }])),
        );
    fc.assert(
      fc.property(some("a"), fc.oneof(some("a"), some("b")), (blue, green) => {
        const { services, moved } = fitNodePorts(blue, green);
        expect(services.length).toBe(blue.length);
        const own = new Set(services.map(({ metadata }) => metadata.name));
        const others = green.filter(({ metadata }) => !own.has(metadata.name)).flatMap(nodePorts);
        const asked = services.flatMap(nodePorts).filter((each) => each !== undefined);
        expect(asked.filter((each) => others.includes(each))).toEqual([]);
        expect(new Set(asked).size).toBe(asked.length);
        expect(asked.length + moved.length).toBe(blue.length);
      }),
    );
  });
});
