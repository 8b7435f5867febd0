// The real Terraform provider of Matchbox, unchanged, against real Matchbox and Landfall's boot service.
import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { peerTools } from "../support/tools.ts";
import { type Peer, type Peers, startPeers } from "./peers.ts";

let peers: Peers;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  const { terraformConfig } = await peerTools();
  env = { ...process.env, TF_CLI_CONFIG_FILE: terraformConfig, TF_IN_AUTOMATION: "1" };
  peers = await startPeers();
  for (const peer of [peers.real, peers.ours]) {
    mkdirSync(join(peer.data, "../terraform"));
    write(peer, config());
    await terraform(peer, "init", "-no-color");
  }
}, 600_000);
afterAll(() => peers?.stop());

const ignition = (contents: string) =>
  JSON.stringify({
    ignition: { version: "3.4.0" },
    storage: { files: [{ path: "/etc/a", contents: { source: `data:,${encodeURIComponent(contents)}` } }] },
  });

function config({ raw = ignition("ü <&> ${x}"), generic = "name: {{.name}}" } = {}) {
  return {
    profile: {
      full: {
        name: "full",
        kernel: "/assets/vmlinuz",
        initrd: ["--name main /assets/initrd"],
        args: ["initrd=main", "a=b c", '"<&>"', "$${mac}"],
        raw_ignition: raw.replaceAll("${", "$${"),
        generic_config: generic,
      },
      bare: { name: "bare" },
    },
    group: {
      machine: {
        name: "m1",
        profile: "${matchbox_profile.full.name}",
        selector: { mac: "52:54:00:00:00:01", os: "installed" },
        metadata: { name: "m1", note: "a=b <&> ü", number: "007" },
      },
      default: { name: "default", profile: "${matchbox_profile.bare.name}" },
    },
  };
}

function write(peer: Peer, { profile, group }: ReturnType<typeof config>): void {
  const pem = (name: string) => `\${file(${JSON.stringify(join(peer.tls, name))})}`;
  const stack = {
    terraform: { required_providers: { matchbox: { source: "poseidon/matchbox", version: "0.5.4" } } },
    provider: {
      matchbox: {
        endpoint: peer.rpc,
        ca: pem("ca.crt"),
        client_cert: pem("client.crt"),
        client_key: pem("client.key"),
      },
    },
    resource: { matchbox_profile: profile, matchbox_group: group },
  };
  writeFileSync(join(peer.data, "../terraform/main.tf.json"), JSON.stringify(stack));
}

async function terraform(peer: Peer, ...args: string[]): Promise<{ code: number; text: string }> {
  const cwd = join(peer.data, "../terraform");
  try {
    const { stdout, stderr } = await promisify(execFile)("terraform", args, { cwd, env });
    return { code: 0, text: stdout + stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
    return { code, text: stdout + stderr };
  }
}

const apply = (peer: Peer) => terraform(peer, "apply", "-auto-approve", "-no-color");
const plan = (peer: Peer) => terraform(peer, "plan", "-detailed-exitcode", "-no-color");

function tree({ data }: Peer) {
  return ["groups", "profiles", "ignition", "generic"].flatMap((kind) =>
    readdirSync(join(data, kind))
      .filter((name) => !name.startsWith("."))
      .map((name) => [`${kind}/${name}`, readFileSync(join(data, kind, name), "utf8")]),
  );
}

it("lands, finds nothing to do, edits and destroys alike", async () => {
  for (const peer of [peers.real, peers.ours]) {
    expect(await apply(peer)).toMatchObject({ code: 0 });
    expect(await plan(peer)).toMatchObject({ code: 0 });
  }
  expect(tree(peers.ours)).toEqual(tree(peers.real));
  expect(tree(peers.ours)).toHaveLength(6);
  for (const peer of [peers.real, peers.ours]) {
    write(peer, config({ raw: ignition("another"), generic: "edited" }));
    expect(await plan(peer)).toMatchObject({ code: 2 });
    expect(await apply(peer)).toMatchObject({ code: 0 });
  }
  expect(tree(peers.ours)).toEqual(tree(peers.real));
  for (const peer of [peers.real, peers.ours]) {
    expect(await terraform(peer, "destroy", "-auto-approve", "-no-color")).toMatchObject({ code: 0 });
    expect(tree(peer)).toEqual([]);
  }
});

it("is told why a config is refused, which Matchbox would take and serve empty", async () => {
  write(peers.ours, config({ raw: `{"ignition":{"version":"3.4.0"},"storage":{"files":[{"path":"a"}]}}` }));
  const { code, text } = await apply(peers.ours);
  expect(code).toBe(1);
  expect(text.replaceAll(/[\s│]+/g, " ")).toContain("full.ign is no valid Ignition config: ");
  write(peers.ours, config({ generic: "{{ call .x }}" }));
  expect((await apply(peers.ours)).text.replaceAll(/[\s│]+/g, " ")).toContain(
    "no template that can be rendered here",
  );
  write(peers.ours, config());
  expect(await apply(peers.ours)).toMatchObject({ code: 0 });
  expect(await plan(peers.ours)).toMatchObject({ code: 0 });
});
