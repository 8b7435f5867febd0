import { validate } from "@landfall/ignition";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { plan } from "../plan/index.ts";
import type { Release } from "../release/index.ts";
import { type Cluster, type Machine, type Site, virtualRouterId } from "../spec/index.ts";
import { machineMetadata, poolProfile } from "./profile.ts";

const machine = (name: string, last: number): Machine => ({
  name,
  mac: `52:54:00:77:00:${last}`,
  address: `10.77.0.${last}`,
  disk: "/dev/vda",
  bmc: { driver: "redfish", url: `http://127.0.0.1:8000/redfish/v1/Systems/${name}` },
});

const site: Site = {
  name: "lab",
  networks: [{ name: "rack", cidr: "10.77.0.0/24", gateway: "10.77.0.1", dns: ["10.77.0.1", "10.77.0.2"] }],
  boot: {
    service: "matchbox",
    http: "http://10.77.0.1:8080",
    rpc: "127.0.0.1:8081",
    tls: { ca: "ca", cert: "cert", key: "key" },
    assets: "assets",
  },
  machines: [machine("m1", 11), machine("m2", 12), machine("m3", 13), machine("w1", 21), machine("w2", 22)],
};

const cluster: Cluster = {
  name: "lab",
  version: "v1",
  kubernetes: "1.34.1",
  endpoint: { address: "10.77.0.10" },
  masters: { machines: ["m1", "m2", "m3"] },
  pools: [{ name: "workers", machines: ["w1", "w2"] }],
};

const file = (name: string) => ({ name, sha256: "0".repeat(64), size: 1 });
const release: Release = {
  id: "r",
  kubernetes: "1.34.1",
  versions: {},
  files: {
    kernel: file("kernel"),
    initrd: file("initrd"),
    root: file("root.squashfs"),
    kubernetes: file("kubernetes.squashfs"),
    loader: file("bootx64.efi"),
  },
  images: Object.fromEntries(
    [
      "etcd",
      "kube-apiserver",
      "kube-controller-manager",
      "kube-scheduler",
      "kube-proxy",
      "kube-router",
      "coredns",
    ].map((name) => [name, `landfall.local/${name}:v1`]),
  ),
};
const pki = { generation: "0123456789abcdef", deliveryKey: "ssh-ed25519 AAAA landfall" };

function profileOf(pool: string, edited: Partial<Cluster> = {}) {
  const planned = plan({ site, siteFile: "/site.yaml", cluster: { ...cluster, ...edited } });
  const found = planned.pools.find(({ name }) => name === pool)!;
  return { planned, profile: poolProfile({ plan: planned, pool: found, pki, release }) };
}

/** The files of a rendered config, decoded, by path. */
async function filesOf(ignition: string): Promise<ReadonlyMap<string, string>> {
  const { storage } = JSON.parse(ignition) as {
    storage: { files: { path: string; contents: { source: string; compression?: string } }[] };
  };
  const entries = storage.files.map(async ({ path, contents }): Promise<[string, string]> => {
    const { body } = await fetch(contents.source);
    const plain = contents.compression === "gzip" ? body!.pipeThrough(new DecompressionStream("gzip")) : body;
    return [path, await new Response(plain).text()];
  });
  return new Map(await Promise.all(entries));
}

describe("a pool's Ignition config", () => {
  test.each(["masters", "workers"])("is valid (%s)", (pool) => {
    expect(validate(profileOf(pool).profile.ignition)).toMatchObject({ valid: true });
  });

  test("names no machine of the pool, unless as a master that others must reach", async () => {
    const more = profileOf("workers", { pools: [{ name: "workers", machines: ["w2"] }] });
    expect(more.profile).toEqual(profileOf("workers").profile);
  });

  test("holds no private key, and of certificates not one", async () => {
    const files = await filesOf(profileOf("masters").profile.ignition);
    for (const contents of files.values()) expect(contents).not.toMatch(/-----BEGIN/);
  });

  test("gives the control plane to masters alone", async () => {
    const manifests = async (pool: string) =>
      [...(await filesOf(profileOf(pool).profile.ignition)).keys()].filter((path) =>
        path.includes("manifests"),
      );
    const network = await manifests("workers");
    expect(network.map((path) => path.split("/").at(-1)).sort()).toEqual([
      "kube-proxy.yaml",
      "kube-router.yaml",
    ]);
    expect((await manifests("masters")).filter((path) => !network.includes(path))).toHaveLength(4);
  });

  test("has nothing refused that starts before its rights are there", async () => {
    const files = await filesOf(profileOf("masters").profile.ignition);
    const command = (name: string) =>
      parse(files.get(`/etc/landfall/templates/etc/kubernetes/manifests/${name}.yaml`)!).spec.containers[0]
        .command;
    const pki = (name: string) =>
      ["ca.crt", `${name}.crt`, `${name}.key`].map((f) => `/etc/kubernetes/pki/${f}`);
    // Their own apiserver's answer, by what they may read only when all roles are there.
    const configuration =
      "https://127.0.0.1:6443/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication";
    for (const name of ["scheduler", "controller-manager"]) {
      expect(command(`kube-${name}`).slice(0, 8)).toEqual([
        "/usr/local/bin/gate",
        // The lease by which it is elected.
        "-turn",
        `https://127.0.0.1:6443/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/kube-${name}`,
        ...pki(name),
        configuration,
        `/usr/local/bin/kube-${name}`,
      ]);
    }
    for (const name of ["kube-proxy", "kube-router"]) {
      expect(command(name).slice(0, 7)).toEqual([
        "/usr/local/bin/gate",
        "-contains",
        '"podCIDR":',
        ...pki(name),
        "https://127.0.0.1:7443/api/v1/nodes?watch=true&timeoutSeconds=8&fieldSelector=metadata.name%3D@NAME@",
      ]);
    }
  });

  test("makes every master a member of the same new etcd, under a token of this generation", async () => {
    const files = await filesOf(profileOf("masters").profile.ignition);
    const etcd = parse(files.get("/etc/landfall/templates/etc/kubernetes/manifests/etcd.yaml")!);
    expect(etcd.spec.containers[0].command).toEqual(
      expect.arrayContaining([
        "--initial-cluster=m1=https://10.77.0.11:2380,m2=https://10.77.0.12:2380,m3=https://10.77.0.13:2380",
        "--initial-cluster-state=new",
        "--initial-cluster-token=lab-v1-0123456789abcdef",
        "--client-cert-auth=true",
        "--peer-client-cert-auth=true",
      ]),
    );
  });

  test("lets anonymous requests reach health alone", async () => {
    const files = await filesOf(profileOf("masters").profile.ignition);
    const { anonymous } = parse(files.get("/etc/kubernetes/authentication.yaml")!);
    expect(anonymous.conditions.map(({ path }: { path: string }) => path).sort()).toEqual([
      "/healthz",
      "/livez",
      "/readyz",
    ]);
    const kubelet = parse(files.get("/etc/kubernetes/kubelet.yaml")!);
    expect(kubelet.authentication.anonymous.enabled).toBe(false);
    expect(kubelet.authorization.mode).toBe("Webhook");
  });

  test("gives the deployer's key the receiver and nothing else", async () => {
    const keys = (await filesOf(profileOf("workers").profile.ignition)).get(
      "/etc/ssh/authorized_keys.d/root",
    );
    expect(keys).toBe('restrict,command="/usr/lib/landfall/receive" ssh-ed25519 AAAA landfall\n');
  });

  test("reaches every master from every node through the node's own balancer", async () => {
    const config = (await filesOf(profileOf("workers").profile.ignition)).get("/etc/haproxy/haproxy.cfg")!;
    for (const address of ["10.77.0.11", "10.77.0.12", "10.77.0.13"])
      expect(config).toContain(`${address}:6443 check`);
    expect(config).toContain("bind 127.0.0.1:7443");
  });

  test("opens the endpoint's own port on masters where it is not the apiserver's", async () => {
    const endpoint = { address: "10.77.0.10", port: 443 };
    const config = (await filesOf(profileOf("masters", { endpoint }).profile.ignition)).get(
      "/etc/haproxy/haproxy.cfg",
    );
    expect(config).toContain("bind :::443 v4v6");
  });

  test("writes the files that the pool asks for", async () => {
    const pools = [
      { name: "workers", machines: ["w1"], files: [{ path: "/etc/motd", contents: "hello\n" }] },
    ];
    expect((await filesOf(profileOf("workers", { pools }).profile.ignition)).get("/etc/motd")).toBe(
      "hello\n",
    );
  });
});

test("kernel arguments name what is fetched by its hash, and let iPXE say which machine asks", () => {
  const { args, kernel, initrd } = profileOf("workers").profile;
  expect(kernel).toBe(`/assets/${"0".repeat(64)}/kernel`);
  expect(initrd).toEqual([`/assets/${"0".repeat(64)}/initrd`]);
  expect(args).toEqual(
    expect.arrayContaining([
      "ignition.firstboot",
      "ignition.config.url=http://10.77.0.1:8080/ignition?mac=${mac:hexhyp}",
      `landfall.root.sha256=${"0".repeat(64)}`,
      "landfall.cluster=lab-v1",
      "landfall.generation=0123456789abcdef",
      "landfall.disk=/dev/vda",
    ]),
  );
});

test("metadata is what a machine alone knows, in characters that first boot lets through", () => {
  const { planned } = profileOf("workers");
  const metadata = machineMetadata(planned, planned.machines.find(({ name }) => name === "w1")!);
  expect(metadata).toEqual({
    name: "w1",
    address: "10.77.0.21",
    prefix: "24",
    gateway: "10.77.0.1",
    dns: "10.77.0.1,10.77.0.2",
    mac: "52:54:00:77:00:21",
    cluster: "lab-v1",
    labels: "landfall.local/cluster=lab-v1,landfall.local/pool=workers",
  });
  for (const value of Object.values(metadata)) expect(value).toMatch(/^[A-Za-z0-9.:/,=_-]*$/);
});

test("addresses of Services are held by masters alone, and only where some are named", async () => {
  const held = { addresses: [{ address: "10.77.0.150", service: "ingress/nginx" }] };
  const has = async (pool: string, more: Partial<Cluster>) => {
    const files = await filesOf(profileOf(pool, more).profile.ignition);
    return [files.get("/etc/landfall/addresses"), files.has("/usr/lib/landfall/addresses")];
  };
  expect(await has("masters", { network: held })).toEqual(["10.77.0.150 ingress nginx\n", true]);
  expect(await has("workers", { network: held })).toEqual([undefined, false]);
  expect(await has("masters", {})).toEqual([undefined, false]);
  const keepalived = async (more: Partial<Cluster>) =>
    (await filesOf(profileOf("masters", more).profile.ignition)).get(
      "/etc/landfall/templates/etc/keepalived/landfall.conf",
    );
  expect(await keepalived({ network: held })).toContain("vrrp_instance 10.77.0.150");
  expect(await keepalived({ network: held })).toContain("virtual_router_id 151");
  expect(await keepalived({})).not.toContain("track_file");
});

test.each([
  ["10.77.0.0", 1],
  ["10.77.0.10", 11],
  ["10.77.0.255", 1],
  ["fd00::ff", 1],
])("the virtual router of %s has an id that VRRP allows", (address, id) => {
  expect(virtualRouterId(address)).toBe(id);
});
