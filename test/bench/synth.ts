// `node main.ts`, as cdktf's CLI runs it: a process from its start to its end, on sites of 10 to 1,000 machines.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { stringify } from "yaml";
import { repository } from "../lab/harness/project.ts";
import type { Bench, Measure } from "./measure.ts";
import type { BenchOptions } from "./run.ts";

const sizes = [10, 30, 100, 300, 1000];
/** Seconds, for the largest. */
const atMost = 5;

export async function synth({ runs, say }: BenchOptions): Promise<Bench> {
  const measures: Measure[] = [];
  for (const size of sizes) {
    const root = writeProject(size);
    const first = await synthesise(root);
    const before = contents(join(root, "cdktf.out"));
    const values: number[] = [];
    for (let run = 1; run <= runs; run += 1) {
      rmSync(join(root, "cdktf.out"), { recursive: true });
      values.push(await synthesise(root));
      if (contents(join(root, "cdktf.out")) !== before) {
        throw new Error(`two runs for ${size} machines wrote different bytes into ${root}/cdktf.out`);
      }
    }
    say(
      `${size} machines: ${first.toFixed(2)} s the first time, ${values.map((s) => s.toFixed(2)).join(", ")} s then`,
    );
    measures.push(
      { name: `${size} machines, PKI to be issued`, unit: "s", values: [first] },
      { name: `${size} machines`, unit: "s", values, ...(size === sizes.at(-1) && { atMost }) },
    );
    rmSync(root, { recursive: true });
  }
  return { name: "synth", measures };
}

async function synthesise(root: string): Promise<number> {
  const begun = performance.now();
  await execa(process.execPath, [join(repository, "main.ts")], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
  });
  return (performance.now() - begun) / 1000;
}

/** Hash of all files and links below a folder, with their names. */
function contents(folder: string): string {
  const hash = createHash("sha256");
  const add = (path: string) => {
    for (const entry of readdirSync(path, { withFileTypes: true }).toSorted((a, b) =>
      a.name < b.name ? -1 : 1,
    )) {
      const below = join(path, entry.name);
      hash.update(`${below}\n`);
      if (entry.isDirectory()) add(below);
      else hash.update(entry.isSymbolicLink() ? readlinkSync(below) : readFileSync(below));
    }
  };
  add(folder);
  return hash.digest("hex");
}

/** A project with one site and one cluster of `size` machines: three masters, the rest workers. */
function writeProject(size: number): string {
  const root = join(repository, ".landfall/test", `synth-${size}`);
  rmSync(root, { recursive: true, force: true });
  mkdirSync(join(root, "clusters"), { recursive: true });
  writeFileSync(join(root, "cdktf.json"), readFileSync(join(repository, "cdktf.json")));
  const machines = Array.from({ length: size }, (_, index) => {
    const [high, low] = [index >> 8, index & 255];
    const hex = (byte: number) => byte.toString(16).padStart(2, "0");
    return {
      name: `n${String(index + 1).padStart(4, "0")}`,
      mac: `52:54:00:00:${hex(high)}:${hex(low)}`,
      address: `10.20.${high + 1}.${low}`,
      disk: "/dev/vda",
      bmc: {
        driver: "redfish",
        url: `https://10.21.${high + 1}.${low}/redfish/v1/Systems/1`,
        credentials: { file: "bmc-credentials" },
      },
    };
  });
  const names = machines.map(({ name }) => name);
  writeFileSync(
    join(root, "clusters/site.yaml"),
    stringify({
      name: "synth",
      networks: [{ name: "rack", cidr: "10.20.0.0/16", gateway: "10.20.0.1", dns: ["10.20.0.1"] }],
      boot: {
        service: "matchbox",
        http: "http://10.20.0.1:8080",
        rpc: "10.20.0.1:8081",
        tls: { ca: "tls/ca.crt", cert: "tls/client.crt", key: "tls/client.key" },
        assets: "assets",
      },
      machines,
    }),
  );
  writeFileSync(
    join(root, "clusters/synth-v1.yaml"),
    stringify({
      name: "synth",
      version: "v1",
      site: "site.yaml",
      kubernetes: "1.34.1",
      endpoint: { address: "10.20.0.10" },
      network: { pods: "10.64.0.0/10" },
      masters: { machines: names.slice(0, 3) },
      pools: [{ name: "workers", machines: names.slice(3) }],
    }),
  );
  return root;
}
