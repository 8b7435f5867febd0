// A site with a router (gobgpd) and two clusters of one node each, as far as routes are concerned: a real apiserver, and the
// release's kube-router with the flags that Landfall gives it. Nodes and router are network namespaces on one bridge.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { type Api, cniConfig, kubeRouterCommand, openApi } from "../../modules/kubernetes/index.ts";
import { testPlan } from "../../modules/plan/testing.ts";
import { buildTool, runProcess } from "../../modules/release/index.ts";
import { freePorts } from "../support/ports.ts";
import { cacheDir } from "../support/tools.ts";

export interface BgpSite {
  readonly api: (side: "from" | "to") => Api;
  /** Who the router has a way to an address by: the addresses of nodes, sorted. */
  readonly nextHops: (address: string) => Promise<readonly string[]>;
  /** The nodes, by their cluster. */
  readonly nodes: { readonly from: string; readonly to: string };
  /** All routes of the router. */
  readonly routes: () => Promise<readonly string[]>;
  readonly remove: () => Promise<void>;
}

// Of a range that is for tests of networks (RFC 2544).
const host = "198.18.99.254";
const router = "198.18.99.1";
const nodes = { from: "198.18.99.11", to: "198.18.99.12" } as const;
const sides = ["from", "to"] as const;
const asn = { router: 64512, nodes: 64513 };

/** Of both clusters: a Service that is announced as `announced` says. Resolves once both APIs have it. */
export async function bgpSite(
  service: object,
  announced: Readonly<Record<"from" | "to", object>>,
): Promise<BgpSite> {
  const dir = mkdtempSync(join(tmpdir(), "landfall-bgp-"));
  const short = `lf${process.pid}`;
  const ns = { router: `${short}r`, from: `${short}a`, to: `${short}b` };
  const children: ChildProcess[] = [];
  const ip = (line: string) => execFileSync("ip", line.split(" "), { stdio: ["ignore", "pipe", "pipe"] });

  const start = (name: string, [program = "", ...args]: readonly string[], env: NodeJS.ProcessEnv = {}) => {
    const log = openSync(join(dir, `${name}.log`), "w");
    const child = spawn(program, args, {
      cwd: dir,
      env: { ...process.env, ...env },
      stdio: ["ignore", log, log],
    });
    closeSync(log);
    children.push(child);
    return child;
  };
  const logs = () =>
    ["gobgpd", "etcd", ...sides.flatMap((side) => [`api-${side}`, `kube-router-${side}`])]
      .map((name) => `${name}: ${readFileSync(join(dir, `${name}.log`), "utf8").slice(-1500)}`)
      .join("\n");

  const apis = new Map<"from" | "to", Api>();
  async function remove(): Promise<void> {
    await Promise.all([...apis.values()].map((api) => api.close()));
    await Promise.all(
      children.map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const ended = once(child, "exit");
        child.kill("SIGKILL");
        await ended;
      }),
    );
    for (const name of Object.values(ns)) {
      try {
        ip(`netns del ${name}`);
      } catch {
        // It was not made.
      }
    }
    rmSync(dir, { recursive: true, force: true });
  }

  try {
    for (const name of Object.values(ns)) ip(`netns add ${name}`);
    ip(`-n ${ns.router} link add br0 type bridge`);
    ip(`-n ${ns.router} addr add ${router}/24 dev br0`);
    ip(`link add ${short}h type veth peer name host netns ${ns.router}`);
    ip(`addr add ${host}/24 dev ${short}h`);
    ip(`link set ${short}h up`);
    for (const side of sides) {
      ip(`-n ${ns.router} link add ${side} type veth peer name eth0 netns ${ns[side]}`);
      ip(`-n ${ns[side]} addr add ${nodes[side]}/24 dev eth0`);
      for (const device of ["lo", "eth0"]) ip(`-n ${ns[side]} link set ${device} up`);
      ip(`-n ${ns.router} link set ${side} master br0 up`);
    }
    ip(`-n ${ns.router} link set host master br0 up`);
    for (const device of ["lo", "br0"]) ip(`-n ${ns.router} link set ${device} up`);

    writeFileSync(join(dir, "gobgpd.toml"), routerConfig);
    start("gobgpd", ["nsenter", `--net=/run/netns/${ns.router}`, "gobgpd", "-f", join(dir, "gobgpd.toml")]);

    certificates(dir);
    const build = (name: "etcd" | "kube-apiserver" | "kube-router") =>
      buildTool(name, { cacheDir, run: runProcess });
    const [etcd, apiServer, kubeRouter] = [
      await build("etcd"),
      await build("kube-apiserver"),
      await build("kube-router"),
    ];
    const [etcdPort, peerPort, fromPort, toPort] = (await freePorts(4)) as [number, number, number, number];
    start("etcd", [
      etcd,
      `--data-dir=${join(dir, "etcd")}`,
      `--listen-client-urls=http://127.0.0.1:${etcdPort}`,
      `--advertise-client-urls=http://127.0.0.1:${etcdPort}`,
      `--listen-peer-urls=http://127.0.0.1:${peerPort}`,
      "--unsafe-no-fsync",
      "--log-level=error",
    ]);
    const ports = { from: fromPort, to: toPort };
    for (const side of sides) {
      start(`api-${side}`, [
        apiServer,
        `--etcd-servers=http://127.0.0.1:${etcdPort}`,
        `--etcd-prefix=/${side}`,
        `--bind-address=${host}`,
        `--advertise-address=${host}`,
        `--secure-port=${ports[side]}`,
        `--tls-cert-file=${join(dir, "server.crt")}`,
        `--tls-private-key-file=${join(dir, "server.key")}`,
        `--client-ca-file=${join(dir, "ca.crt")}`,
        "--service-cluster-ip-range=10.43.0.0/16",
        "--service-account-issuer=https://kubernetes.default.svc",
        `--service-account-key-file=${join(dir, "server.crt")}`,
        `--service-account-signing-key-file=${join(dir, "server.key")}`,
        "--authorization-mode=RBAC",
        "--endpoint-reconciler-type=none",
      ]);
      const pem = (name: string) => readFileSync(join(dir, name), "utf8");
      const server = `https://${host}:${ports[side]}`;
      apis.set(
        side,
        openApi({ servers: [server], ca: pem("ca.crt"), cert: pem("admin.crt"), key: pem("admin.key") }),
      );
    }
    for (const side of sides) {
      const api = apis.get(side)!;
      await until(
        `the API of ${side}`,
        logs,
        async () => (await api.request({ path: "/readyz" })).status === 200,
      );
      await fill(api, side, service, announced[side]);
      const own = join(dir, side);
      mkdirSync(own);
      writeFileSync(join(own, "cni.conflist"), cniConfig);
      writeFileSync(join(own, "kubeconfig"), kubeconfig(dir, `https://${host}:${ports[side]}`));
      const network = {
        ...testPlan({ machines: [] }).network,
        bgp: { asn: asn.nodes, routers: [{ address: router, asn: asn.router }] },
      };
      const flags = kubeRouterCommand({ network })
        .slice(2)
        .filter((flag) => flag !== "--run-firewall=true");
      // What it writes down outside of its network namespace is its own too: names of routing tables, locks.
      const script = `mount -t tmpfs tmpfs /run && mount --bind ${own} /etc/iproute2 && exec "$@"`;
      start(
        `kube-router-${side}`,
        [
          ...["nsenter", `--net=/run/netns/${ns[side]}`, "unshare", "--mount", "sh", "-ec", script, "sh"],
          ...[kubeRouter, ...flags, "--run-firewall=false"],
          ...[`--kubeconfig=${join(own, "kubeconfig")}`, `--hostname-override=node-${side}`],
        ],
        { KUBE_ROUTER_CNI_CONF_FILE: join(own, "cni.conflist") },
      );
    }
  } catch (error) {
    await remove();
    throw error;
  }

  const rib = async (): Promise<Record<string, readonly { attrs: readonly { nexthop?: string }[] }[]>> =>
    JSON.parse(
      (await output("nsenter", [`--net=/run/netns/${ns.router}`, "gobgp", "global", "rib", "--json"])) ||
        "{}",
    );
  return {
    nodes,
    api: (side) => apis.get(side)!,
    nextHops: async (address) =>
      ((await rib())[`${address}/32`] ?? [])
        .flatMap((path) => path.attrs.map(({ nexthop }) => nexthop))
        .filter((hop) => hop !== undefined)
        .sort(),
    routes: async () => Object.keys(await rib()),
    remove,
  };
}

async function output(program: string, args: readonly string[]): Promise<string> {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "ignore"] });
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => {
    text += chunk;
  });
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`${program} ended with ${code}`);
  return text.trim();
}

async function until(what: string, logs: () => string, condition: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 120_000;
  while (!(await condition().catch(() => false))) {
    if (performance.now() > deadline) throw new Error(`waited in vain for ${what}:\n${logs()}`);
    await setTimeout(100);
  }
}

/** A node, and the Service with an endpoint on it. */
async function fill(api: Api, side: "from" | "to", service: object, annotations: object): Promise<void> {
  const node = {
    metadata: { name: `node-${side}` },
    spec: { podCIDR: "10.42.0.0/24", podCIDRs: ["10.42.0.0/24"] },
  };
  const ports = [{ port: 80 }];
  const endpoint = { ip: "10.42.0.10", nodeName: `node-${side}` };
  const requests: readonly (readonly ["POST" | "PATCH", string, object])[] = [
    ["POST", "/api/v1/nodes", node],
    [
      "PATCH",
      `/api/v1/nodes/node-${side}/status`,
      { status: { addresses: [{ type: "InternalIP", address: nodes[side] }] } },
    ],
    ["POST", "/api/v1/namespaces", { metadata: { name: "ingress" } }],
    [
      "POST",
      "/api/v1/namespaces/ingress/endpoints",
      { metadata: { name: "nginx" }, subsets: [{ addresses: [endpoint], ports }] },
    ],
    [
      "POST",
      "/api/v1/namespaces/ingress/services",
      { metadata: { name: "nginx", annotations }, spec: { ...service, ports } },
    ],
    [
      "POST",
      "/apis/discovery.k8s.io/v1/namespaces/ingress/endpointslices",
      {
        metadata: { name: "nginx-1", labels: { "kubernetes.io/service-name": "nginx" } },
        addressType: "IPv4",
        endpoints: [{ addresses: [endpoint.ip], conditions: { ready: true } }],
        ports,
      },
    ],
  ];
  for (const [method, path, body] of requests) {
    const contentType = method === "POST" ? "application/json" : "application/merge-patch+json";
    const reply = await api.request({ method, path, body: JSON.stringify(body), contentType });
    if (reply.status >= 300) throw new Error(`${method} ${path}: ${reply.status} ${reply.body}`);
  }
}

const routerConfig = `[global.config]
  as = ${asn.router}
  router-id = "${router}"
[global.use-multiple-paths.config]
  enabled = true
[[peer-groups]]
  [peer-groups.config]
    peer-group-name = "nodes"
    peer-as = ${asn.nodes}
[[dynamic-neighbors]]
  [dynamic-neighbors.config]
    prefix = "198.18.99.0/24"
    peer-group = "nodes"
`;

function kubeconfig(dir: string, server: string): string {
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "c", cluster: { server, "certificate-authority": join(dir, "ca.crt") } }],
    users: [
      {
        name: "u",
        user: { "client-certificate": join(dir, "admin.crt"), "client-key": join(dir, "admin.key") },
      },
    ],
    contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
    "current-context": "x",
  });
}

function certificates(dir: string): void {
  const openssl = (...parameters: string[]) =>
    execFileSync("openssl", parameters, { cwd: dir, stdio: "pipe" });
  const key = (name: string) =>
    ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", `${name}.key`] as const;
  openssl("req", "-x509", ...key("ca"), "-out", "ca.crt", "-subj", "/CN=test", "-days", "1");
  for (const [name, subject, extensions] of [
    ["server", "/CN=kube-apiserver", `subjectAltName=IP:${host}`],
    ["admin", "/O=system:masters/CN=admin", "extendedKeyUsage=clientAuth"],
  ] as const) {
    writeFileSync(join(dir, `${name}.ext`), extensions);
    openssl("req", "-new", ...key(name), "-out", `${name}.csr`, "-subj", subject);
    openssl(
      ...["x509", "-req", "-in", `${name}.csr`, "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial"],
      ...["-days", "1", "-out", `${name}.crt`, "-extfile", `${name}.ext`],
    );
  }
}
