// From all machines off to a healthy cluster, and what is true of it then.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "vitest";
import type { StageEvent } from "../../../modules/lab/index.ts";
import { readyNodes } from "../harness/api.ts";
import { eventually } from "../harness/eventually.ts";
import type { Rack } from "../harness/rack.ts";
import { findSecrets, type Place, placesBelow, type Secret, secretsIn } from "../harness/secrets.ts";
import { tell } from "../harness/story.ts";
import { watchProcesses } from "../harness/witness.ts";

const cluster = "lab-v1";
const masters = ["m1", "m2", "m3"];
const machines = [...masters, "w1", "w2"];

export function landing(rack: () => Rack): void {
  const witnessed: Place[] = [];

  test("lands: all machines off, then a healthy cluster", async () => {
    const { project } = rack();
    const deploy = rack().landfall("deploy", cluster);
    const { result, places } = await watchProcesses(project.name, project.root, deploy);
    witnessed.push(...places);
    tell("landing, 3 masters + 2 workers, from all off to healthy", `${result.seconds.toFixed(1)} s`);
    const api = await rack().api(cluster);
    expect(await readyNodes(api)).toEqual(machines);
    const status = JSON.parse((await rack().landfall("status", cluster, "--json")).stdout);
    expect(status.healthy).toBe(true);
    expect(status.conditions.map(({ name }: { name: string }) => name)).toContain("service");
  });

  test("no stage of a master waits for another master's end", () => {
    const events = rack()
      .events()
      .filter(({ machine }) => masters.includes(machine));
    const ends = masters.map((name) => timeOf(events, name, "ready"));
    for (const name of masters) {
      // The last two stages begin where the one before them is reached.
      for (const stage of ["power", "firmware", "boot", "install", "ignition", "system", "kubelet", "etcd"]) {
        expect(timeOf(events, name, stage), `${name}: ${stage}`).toBeLessThan(Math.min(...ends));
      }
    }
  });

  test("of the programs that are elected one starts at once, and the others stand by", async () => {
    for (const name of ["kube-controller-manager", "kube-scheduler"]) {
      const said = await Promise.all(
        masters.map((master) => rack().kubectl(cluster, ["logs", "-n", "kube-system", `${name}-${master}`])),
      );
      const standing = said.filter((log) => log.includes("another one goes first"));
      expect(standing, said.map((log) => log.slice(0, 600)).join("\n--\n")).toHaveLength(masters.length - 1);
    }
  });

  test("strangers get health and nothing else; nobody gets more than their own", async () => {
    const api = await rack().api(cluster);
    const status = async (path: string, as: Parameters<typeof api.ask>[1]) =>
      (await api.ask(path, as)).status;
    for (const path of ["/livez", "/readyz", "/healthz"])
      expect(await status(path, { as: "nobody" })).toBe(200);
    for (const path of ["/", "/api", "/version", "/metrics", "/api/v1/namespaces", "/api/v1/secrets"]) {
      expect(await status(path, { as: "nobody" }), path).toBe(401);
    }
    for (const { name, address } of rack().project.machines.filter(({ name }) => machines.includes(name))) {
      expect(
        await status("/pods", { as: "nobody", server: `https://${address}:10250` }),
        `kubelet of ${name}`,
      ).toBe(401);
    }
    const token = (await rack().kubectl(cluster, ["create", "token", "default"])).trim();
    expect(await status("/api/v1/namespaces/default/secrets", { as: { token } })).toBe(403);
    const kubelet = splitPem(
      readFileSync(
        join(rack().project.root, ".landfall/pki", cluster, "leaves/machines/w1/kubelet.pem"),
        "utf8",
      ),
    );
    expect(await status("/api/v1/nodes/w1", { as: kubelet })).toBe(200);
    expect(await status("/api/v1/secrets", { as: kubelet })).toBe(403);
  });

  test("a Secret is sealed in etcd, and the audit log says who wrote it", async () => {
    const number = process.hrtime.bigint();
    const [name, value] = [`sealed-${number}`, `marker-${number}`];
    const api = await rack().api(cluster);
    const metadata = { name };
    const secret = { apiVersion: "v1", kind: "Secret", metadata, stringData: { key: value } };
    await api.create("/api/v1/namespaces/default/secrets", secret);
    const forms = [value, Buffer.from(value).toString("base64")];
    for (const master of masters) {
      // When its key is on the disk, so is its value.
      const etcd = await eventually(`the Secret in etcd of ${master}`, 20, async () => {
        const files = placesBelow(join(rack().disk(master), "var/lib/etcd"));
        return files.some(({ bytes }) => bytes.includes(`/registry/secrets/default/${name}`))
          ? files
          : undefined;
      });
      const open = etcd.filter(({ bytes }) => forms.some((form) => bytes.includes(form)));
      expect(open.map(({ where }) => where)).toEqual([]);
    }
    const logs = masters.map((master) => join(rack().disk(master), "var/log/kubernetes/audit.log"));
    await eventually("the audit log", 20, async () => {
      const entries = logs.flatMap((log) =>
        readFileSync(log, "utf8")
          .split("\n")
          .filter((line) => line.includes(name)),
      );
      return entries
        .map((line) => JSON.parse(line))
        .find(({ verb, user }) => verb === "create" && user.username);
    });
    for (const log of logs) expect(readFileSync(log, "utf8").length, log).toBeGreaterThan(0);
  });

  test("no secret in cdktf.out, state, Matchbox, Ignition, logs, consoles, and processes", async () => {
    const { root, lab, ports, machines: all } = rack().project;
    const secrets = knownSecrets(root, lab);
    expect(secrets.length).toBeGreaterThan(40);
    const fetched = async (url: string, status: number) => {
      const response = await fetch(url);
      expect(response.status, url).toBe(status);
      return { where: url, bytes: Buffer.from(await response.arrayBuffer()) };
    };
    const boot = `http://127.0.0.1:${ports.http}`;
    const page = `http://127.0.0.1:${ports.page}`;
    const macs = all.filter(({ name }) => machines.includes(name)).map(({ mac }) => mac);
    // Their install is over: what it was made of is no longer served, and is looked for in the service's folder.
    for (const kind of ["ignition", "metadata"])
      for (const mac of macs) await fetched(`${boot}/${kind}?mac=${mac}`, 404);
    const served = await Promise.all([
      ...macs.map((mac) => fetched(`${boot}/ipxe?mac=${mac}`, 200)),
      ...["", "api/fleet", "metrics"].map((path) => fetched(`${page}/${path}`, 200)),
    ]);
    const journals = machines.flatMap((name) => placesBelow(join(rack().disk(name), "var/log")));
    const places = [
      ...placesBelow(join(root, "cdktf.out"), (path) => path.includes("/.terraform/")),
      ...placesBelow(join(root, ".landfall/terraform")),
      ...placesBelow(join(lab, "matchbox")),
      ...placesBelow(join(lab, "logs")),
      ...placesBelow(rack().logs),
      ...machines.flatMap((name) =>
        placesBelow(join(lab, "machines", name), (path) => path.includes("/disk/")),
      ),
      ...["daemon.log", "events.jsonl", "lab.json", "dnsmasq.conf"].map((name) => ({
        where: name,
        bytes: readFileSync(join(lab, name)),
      })),
      ...journals,
      ...served,
      ...witnessed,
    ];
    const programs = ["terraform", "landfall step deliver", "matchbox", "kube-apiserver", "etcd", "kubelet"];
    for (const program of programs) {
      expect(
        witnessed.some(({ where }) => where.includes(program)),
        `${program} was seen`,
      ).toBe(true);
    }
    // A scan that finds nothing anywhere proves nothing.
    for (const place of planted(secrets)) expect(findSecrets([place], secrets), place.where).not.toEqual([]);
    expect(findSecrets(places, secrets)).toEqual([]);
    tell("places without a secret", `${places.length} (${secrets.length} secrets looked for in each)`);
  });
}

function timeOf(events: readonly StageEvent[], machine: string, stage: string): number {
  const event = events.find((each) => each.machine === machine && each.stage === stage);
  if (event === undefined) throw new Error(`${machine} never came to the stage ${stage}`);
  return Date.parse(event.time);
}

function splitPem(text: string): { cert: string; key: string } {
  const key =
    /-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]+-----END [A-Z ]*PRIVATE KEY-----\n?/.exec(text)?.[0] ?? "";
  return { cert: text.replace(key, ""), key };
}

function knownSecrets(root: string, lab: string): Secret[] {
  const password = readFileSync(join(lab, "bmc-credentials"), "utf8").trim().split(":")[1] ?? "";
  return [
    ...readdirSync(join(root, ".landfall/pki")).flatMap((name) =>
      secretsIn(join(root, ".landfall/pki", name)),
    ),
    ...secretsIn(join(lab, "tls")),
    { name: "the BMCs' password", bytes: Buffer.from(password) },
  ];
}

/** Each kind of hiding place, with a secret in it. */
function planted(secrets: readonly Secret[]): Place[] {
  const { bytes } = secrets[0]!;
  const beside = Buffer.concat([Buffer.from("x"), bytes, Buffer.from("yz")]);
  const text = beside.toString("base64");
  const ignition = { contents: { source: `data:;base64,${Buffer.from(`key: ${text}`).toString("base64")}` } };
  return [
    { where: "raw", bytes: beside },
    { where: "base64, in two lines", bytes: Buffer.from(`${text.slice(0, 20)}\n${text.slice(20)}`) },
    {
      where: "base64 within JSON within base64",
      bytes: Buffer.from(JSON.stringify(JSON.stringify(ignition))),
    },
    { where: "gzip within base64", bytes: Buffer.from(gzipSync(`key: ${text}`).toString("base64")) },
    { where: "percent signs", bytes: Buffer.from(encodeURIComponent(text)) },
    { where: "hex", bytes: Buffer.from(bytes.toString("hex")) },
  ];
}
