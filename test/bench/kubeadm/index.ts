// kubeadm as its documentation lands a highly available cluster: init on the first master, the pod network, then joins one by one, masters first.
import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { parse } from "yaml";
import { type ClientCredentials, probeManifests } from "../../../modules/health/index.ts";
import { apiServerPort, applyManifests, balancerPort, openApi } from "../../../modules/kubernetes/index.ts";
import type { MachinePlan, Plan } from "../../../modules/plan/index.ts";
import { knownReleases, type Release } from "../../../modules/release/index.ts";
import { eventually } from "../../lab/harness/eventually.ts";
import type { Rack } from "../../lab/harness/rack.ts";
import { machines, planOf, type Sighting, seconds, sight } from "../cluster.ts";
import { offerBoot, publish } from "./boot.ts";
import { initConfig, joinConfig } from "./config.ts";
import { networkAddon } from "./network.ts";
import { kubeadmRelease } from "./release.ts";
import { makeKey, requireSsh, type Shell, shellOf } from "./ssh.ts";

export interface KubeadmLanding {
  readonly sighting: Sighting;
  /** What was done when, in seconds since the epoch. */
  readonly stages: readonly (readonly [string, number])[];
}

/** Builds what kubeadm's machines boot. */
export async function prepareKubeadm(
  cacheDir: string,
): Promise<{ land: (rack: Rack) => Promise<KubeadmLanding> }> {
  await requireSsh();
  const built = await kubeadmRelease(knownReleases[0]!, cacheDir);
  return {
    land: async (rack) => {
      const plan = planOf(rack);
      const identity = join(rack.project.root, "bench-key");
      offerBoot(rack, plan, built, await makeKey(identity));
      publish(plan, built, join(cacheDir, "lab"));
      await rack.lab.powerOn(machines, { network: true });
      return land(rack, plan, built.release, shellOf(rack.project.name, identity));
    },
  };
}

async function land(rack: Rack, plan: Plan, release: Release, shell: Shell): Promise<KubeadmLanding> {
  const stages: [string, number][] = [];
  const reached = (name: string) => stages.push([name, seconds()]);
  const [first, ...others] = plan.machines.toSorted((a, b) => order(a) - order(b));
  const secrets = { token: token(), certificateKey: randomBytes(32).toString("hex") };

  await answers(shell, first!);
  reached(`${first!.name} answers`);
  const said = await shell(
    first!.address,
    `cat >kubeadm.yaml; ${containerd}; kubeadm init --config kubeadm.yaml --upload-certs`,
    initConfig(plan, release, first!, secrets),
  );
  reached(`kubeadm init on ${first!.name} ended`);
  const caHash = /--discovery-token-ca-cert-hash (sha256:[0-9a-f]{64})/.exec(said)?.[1];
  if (caHash === undefined) throw new Error(`kubeadm init printed no join command:\n${said}`);

  const admin = credentials(await shell(first!.address, "cat /etc/kubernetes/admin.conf"));
  const sighting = sight(rack, admin);
  await applyNetwork(plan, release, first!, admin);
  reached("pod network and the probed Service applied");
  for (const machine of others) {
    await answers(shell, machine);
    await shell(
      machine.address,
      `cat >kubeadm.yaml; ${containerd}; kubeadm join --config kubeadm.yaml`,
      joinConfig(machine, { ...secrets, caHash }),
    );
    reached(`kubeadm join on ${machine.name} ended`);
  }
  return { sighting: await sighting, stages };
}

const containerd = "until systemctl -q is-active containerd; do sleep 0.1; done";

/** Masters first. */
function order({ role }: MachinePlan): number {
  return role === "master" ? 0 : 1;
}

function answers(shell: Shell, { name, address }: MachinePlan): Promise<string> {
  return eventually(`ssh to ${name}`, 120, () => shell(address, "echo up"), 100);
}

/** The pod network that Landfall's clusters have, and the Service that both are judged by. */
async function applyNetwork(
  plan: Plan,
  { images }: Release,
  { address }: MachinePlan,
  { ca, certificate, key }: ClientCredentials,
): Promise<void> {
  const client = openApi({
    servers: [`https://${address}:${apiServerPort}`],
    ca,
    cert: certificate,
    key,
    proxy: plan.proxy,
  });
  const network = networkAddon(plan, images["kube-router"]!, balancerPort);
  try {
    await applyManifests({
      client,
      manifests: [...network, ...probeManifests({ plan, image: images.web! })],
    });
  } finally {
    await client.close();
  }
}

interface Kubeconfig {
  readonly clusters: readonly [{ readonly cluster: { readonly "certificate-authority-data": string } }];
  readonly users: readonly [
    { readonly user: { readonly "client-certificate-data": string; readonly "client-key-data": string } },
  ];
}

function credentials(kubeconfig: string): ClientCredentials {
  const { clusters, users } = parse(kubeconfig) as Kubeconfig;
  const decode = (text: string) => Buffer.from(text, "base64").toString();
  const { user } = users[0];
  return {
    ca: decode(clusters[0].cluster["certificate-authority-data"]),
    certificate: decode(user["client-certificate-data"]),
    key: decode(user["client-key-data"]),
  };
}

/** As kubeadm makes them. */
function token(): string {
  return `${randomBytes(3).toString("hex")}.${randomBytes(8).toString("hex")}`;
}
