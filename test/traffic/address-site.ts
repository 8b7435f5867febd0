// Two clusters of two masters each on one network, as far as addresses of Services go: real apiservers, and on each master
// keepalived and scripts/addresses.sh with the files that Ignition gives it. In the place of kube-proxy and pods is a web
// server on each master.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Api, machineConfig } from "../../modules/kubernetes/index.ts";
import type { PoolPlan } from "../../modules/plan/index.ts";
import { testMachine, testPlan } from "../../modules/plan/testing.ts";
import type { Side } from "../../modules/traffic/index.ts";
import { setReady, sides, startControlPlanes } from "./control-planes.ts";
import { end, openRack, type Rack } from "./rack.ts";

export interface AddressSite {
  readonly rack: Rack;
  readonly api: (side: Side) => Api;
  /** Masters that have the address on their network card. */
  readonly holders: () => readonly string[];
  /** A master loses power, and its cluster takes it for not ready. */
  readonly cutPower: (machine: string) => Promise<void>;
  readonly remove: () => Promise<void>;
}

export const machines: Readonly<Record<Side, readonly string[]>> = { from: ["b1", "b2"], to: ["g1", "g2"] };
export const address = "198.18.98.150";
const clusterIP = "10.43.0.50";
const network = "198.18.98";
const lasts = { b1: 11, b2: 12, g1: 21, g2: 22 };

/** Blue holds the address. */
export async function addressSite(): Promise<AddressSite> {
  const rack = openRack({ network, machines: lasts, computer: "beside" });
  const names = Object.keys(lasts);
  const running = new Map<string, ReturnType<Rack["start"]>>();
  try {
    const planes = await startControlPlanes(
      rack,
      { clusterIP, externalIPs: [address] },
      {
        from: { nodes: machines.from, annotations: { "landfall.local/address": "hold" } },
        to: { nodes: machines.to, annotations: {} },
      },
      Object.fromEntries(names.map((name) => [name, `/O=system:nodes/CN=system:node:${name}`])),
    );
    for (const side of sides) {
      for (const name of machines[side]) {
        rack.ip(name, `addr add ${clusterIP}/32 dev lo`);
        const files = await filesOf(rack, side, name);
        for (const [path, contents] of files) {
          const file = join(rack.folder, name, path);
          mkdirSync(dirname(file), { recursive: true });
          writeFileSync(file, contents, { mode: 0o755 });
        }
        writeFileSync(join(rack.folder, `${name}.cfg`), balancer(rack.computer, planes.port(side)));
        rack.start(`haproxy-${name}`, [
          ...rack.inside(name),
          ...["haproxy", "-db", "-f", join(rack.folder, `${name}.cfg`)],
        ]);
        running.set(
          name,
          rack.start(`keepalived-${name}`, [
            ...rack.inside(name),
            ...[
              "unshare",
              "--mount",
              "--pid",
              "--fork",
              "--kill-child",
              "--mount-proc",
              "bash",
              "-euc",
              start,
            ],
            ...["bash", join(rack.folder, name), rack.folder, name],
          ]),
        );
      }
    }
    return {
      rack,
      api: planes.api,
      holders: () => names.filter((name) => rack.ip(name, `-o addr show up to ${address}/32`) !== ""),
      cutPower: async (name) => {
        rack.ip(name, "link set eth0 down");
        await end(running.get(name)!);
        const side = sides.find((each) => machines[each].includes(name))!;
        await setReady(planes.api(side), name, false);
      },
      remove: async () => {
        await planes.close();
        await rack.remove();
      },
    };
  } catch (error) {
    await rack.remove();
    throw error;
  }
}

/** Over this computer's /etc and /usr/lib lie the machine's own files; /run is its own. */
const start = `
mount -t tmpfs tmpfs /run
for folder in etc usr/lib; do
  mkdir -p /run/overlay/$folder/upper /run/overlay/$folder/work
  mount -t overlay overlay -o "lowerdir=/$folder,upperdir=/run/overlay/$folder/upper,workdir=/run/overlay/$folder/work" /$folder
done
cp -R "$1"/. /
mkdir -p /etc/kubernetes/pki
cp "$2/ca.crt" /etc/kubernetes/pki/
for kind in crt key; do cp "$2/$3.$kind" /etc/kubernetes/pki/kubelet.$kind; done
/usr/lib/landfall/keepalived-config
/usr/lib/landfall/addresses &
exec keepalived --dont-fork --log-console --use-file=/run/keepalived.conf
`;

/** Of the machine's Ignition config, those that this is about, as firstboot leaves them. */
async function filesOf(rack: Rack, side: Side, name: string): Promise<ReadonlyMap<string, string>> {
  const masters = machines[side].map((master) =>
    testMachine({ name: master, role: "master", address: rack.address(master) }),
  );
  const bare = testPlan({ machines: masters });
  const pool: PoolPlan = {
    ...{ name: "masters", role: "master", machines: machines[side], labels: {}, taints: [], files: [] },
    disk: undefined,
  };
  const plan = {
    ...bare,
    endpoint: { ...bare.endpoint, address: `${network}.${side === "from" ? 101 : 102}` },
    network: { ...bare.network, addresses: [{ address, namespace: "ingress", name: "nginx" }] },
    pools: [pool],
  };
  const images = new Proxy({}, { get: () => "none" });
  const { storage } = machineConfig({
    plan,
    pool,
    pki: { generation: "0".repeat(16), deliveryKey: "" },
    images,
  });
  const own = new Map([["/etc/landfall/metadata", `NAME=${name}\nADDRESS=${rack.address(name)}\n`]]);
  for (const { path, contents } of storage?.files ?? []) {
    const target = path.replace(/^\/etc\/landfall\/templates/, "");
    if (!/^\/(etc\/(landfall|keepalived)|usr\/lib\/landfall)\//.test(target)) continue;
    const { body } = await fetch(contents?.source ?? "data:,");
    const plain =
      contents?.compression === "gzip" ? body!.pipeThrough(new DecompressionStream("gzip")) : body;
    own.set(target, rendered(await new Response(plain).text(), name, rack.address(name)));
  }
  return own;
}

function rendered(template: string, name: string, own: string): string {
  return template
    .split("\n")
    .filter((line) => !line.includes(`@UNLESS:${own}@`))
    .join("\n")
    .replaceAll(/@UNLESS:[^@]*@/g, "")
    .replaceAll("@NAME@", name)
    .replaceAll("@ADDRESS@", own);
}

/** The part of a master's balancer that scripts ask. */
const balancer = (host: string, port: number) => `defaults
  mode tcp
  timeout connect 1s
  timeout client 1h
  timeout server 1h
frontend api
  bind 127.0.0.1:7443
  default_backend masters
backend masters
  server master ${host}:${port}
frontend own-ready
  mode http
  bind 127.0.0.1:7442
  monitor-uri /readyz
`;
