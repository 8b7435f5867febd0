import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { synthesise } from "./index.ts";
import { type TestCluster, testCluster, tricky } from "./test-cluster.ts";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function synthesised(cluster: TestCluster = {}): string {
  const folder = mkdtempSync(join(tmpdir(), "landfall-stack-"));
  folders.push(folder);
  synthesise([testCluster(cluster)], folder);
  return readFileSync(join(folder, "stacks", "t-v1", "cdk.tf.json"), "utf8");
}

interface Block {
  readonly for_each?: Readonly<Record<string, unknown>>;
  readonly triggers?: Readonly<Record<string, string>>;
  readonly depends_on?: readonly string[];
  readonly name?: string;
}
type Resources = Readonly<Record<string, Readonly<Record<string, Block>>>>;

/** Every instance that Terraform would know, by its address; order of creation left out, since it touches nothing. */
function instances(json: string): Map<string, string> {
  const { resource } = JSON.parse(json) as { resource: Resources };
  const all = Object.entries(resource).flatMap(([type, blocks]) =>
    Object.entries(blocks).flatMap(
      ([name, { depends_on: _, for_each: each, ...block }]): [string, string][] =>
        each === undefined
          ? [[`${type}.${name}`, JSON.stringify(block)]]
          : Object.entries(each).map(([key, value]) => [
              `${type}.${name}["${key}"]`,
              JSON.stringify([block, value]),
            ]),
    ),
  );
  return new Map(all);
}

/** Addresses that one of the two lacks, or has otherwise. */
function touched(before: string, after: string): string[] {
  const [a, b] = [instances(before), instances(after)];
  return [...new Set([...a.keys(), ...b.keys()])]
    .filter((address) => a.get(address) !== b.get(address))
    .sort();
}

const ownOf = (machine: string) => [
  `matchbox_group.machine["${machine}"]`,
  `null_resource.deliver-${machine}`,
  `null_resource.power-${machine}`,
  `null_resource.retire["${machine}"]`,
];

describe("the stack of a cluster", () => {
  it("is the same bytes twice", () => {
    expect(synthesised()).toBe(synthesised());
  });

  it("makes its folder, or takes one that is there", () => {
    const folder = mkdtempSync(join(tmpdir(), "landfall-stack-"));
    folders.push(folder);
    const write = () => synthesise([testCluster()], join(folder, "new", "cdktf.out"));
    write();
    expect(write).not.toThrow();
  });

  it("changes by a machine's own resources when it is added", () => {
    const before = synthesised({ workers: ["w1", "w3"] });
    expect(touched(before, synthesised({ workers: ["w1", "w3", "w9"] }))).toEqual(ownOf("w9"));
  });

  it("changes by a machine's own resources when it is taken from the middle", () => {
    const before = synthesised({ workers: ["w1", "w2", "w3"] });
    expect(touched(before, synthesised({ workers: ["w1", "w3"] }))).toEqual(ownOf("w2"));
  });

  it("starts a pool's machines again when its profile is edited, and leaves their groups", () => {
    const before = synthesised({ workers: ["w1", "w2"] });
    expect(touched(before, synthesised({ workers: ["w1", "w2"], edit: 2 }))).toEqual([
      "matchbox_profile.profile-workers",
      "null_resource.power-w1",
      "null_resource.power-w2",
    ]);
  });

  it("gives a machine its keys again when it was started again", () => {
    const { resource } = JSON.parse(synthesised()) as { resource: Resources };
    expect(resource.null_resource?.["deliver-w1"]?.triggers?.power).toBe("${null_resource.power-w1.id}");
  });

  it("lets no machine, and no add-on, wait for another machine", () => {
    const { resource } = JSON.parse(synthesised()) as { resource: Resources };
    const blocks = resource.null_resource ?? {};
    const reaches = (name: string): string[] =>
      (blocks[name]?.depends_on ?? [])
        .map((address) => address.replace("null_resource.", ""))
        .flatMap((next) => [next, ...reaches(next)]);
    const machineSteps = Object.keys(blocks).filter((name) => /^(power|deliver)-/.test(name));
    for (const step of machineSteps) {
      const machine = step.replace(/^\w+-/, "");
      const others = reaches(step).filter(
        (name) => /^(power|deliver)-/.test(name) && !name.endsWith(`-${machine}`),
      );
      expect(others, step).toEqual([]);
    }
    expect(reaches("addons").filter((name) => machineSteps.includes(name))).toEqual([]);
  });

  it("carries cluster and version in every name that others could meet", () => {
    const { resource } = JSON.parse(synthesised()) as { resource: Resources };
    const names = ["matchbox_profile", "matchbox_group"].flatMap((type) =>
      Object.values(resource[type] ?? {}).map(({ name }) => name),
    );
    expect(names).toEqual(["t-v1-masters", "t-v1-workers", "t-v1-${each.key}"]);
  });

  it("writes MACs as Matchbox reads them, in lower case", () => {
    const { resource } = JSON.parse(synthesised()) as { resource: Resources };
    const macs = Object.values(resource.matchbox_group?.machine?.for_each ?? {}).map(
      (each) => (each as { mac: string }).mac,
    );
    expect(macs).toHaveLength(5);
    for (const mac of macs) expect(mac).toMatch(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/);
  });

  it("has no template but its own expressions", () => {
    const unescaped = [...synthesised().matchAll(/(?<!\$)\$\{[^}]*\}|(?<!%)%\{[^}]*\}/g)].map(
      ([text]) => text,
    );
    const own =
      /^\$\{(each\.(key|value\.(mac|profile|metadata))|self\.id|self\.triggers\.machine|null_resource\.power-\w+\.id|file\(.*\))\}$/;
    expect(unescaped.filter((text) => !own.test(text.replaceAll("\\", "")))).toEqual([]);
    expect(synthesised()).toContain("$${mac:hexhyp}");
    expect(tricky).toContain("${mac:hexhyp}");
  });

  it("names keys by their paths, and holds none", () => {
    const json = synthesised();
    expect(json).toContain('"client_key": "${file(\\"../../../tls/client.key\\")}"');
    expect(json).not.toMatch(/PRIVATE KEY|BEGIN |password|token/i);
    expect(json).not.toContain(process.cwd());
  });

  it("is made in seconds for 1,000 machines, the same bytes twice", () => {
    const workers = Array.from({ length: 998 }, (_, index) => `w${index + 1}`);
    const started = process.cpuUsage();
    const json = synthesised({ workers });
    const { user, system } = process.cpuUsage(started);
    expect((user + system) / 1e6).toBeLessThan(5);
    expect(json).toBe(synthesised({ workers }));
  }, 60_000);
});
