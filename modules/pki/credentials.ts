// Reading what a store holds: for deliveries, for people's kubeconfig, for clients in this process.
import { stringify } from "yaml";
import type { Plan } from "../plan/index.ts";
import { LandfallError, urlHost } from "../spec/index.ts";
import { filesOf } from "./deliverables.ts";
import { leafName } from "./ensure.ts";
import type { Entry } from "./entry.ts";
import { parseEntry } from "./entry.ts";
import type { Roots } from "./roots.ts";
import { readRoots } from "./roots.ts";
import type { Store } from "./store.ts";
import { openStore } from "./store.ts";
import type { DeliveredFile, PkiPlan } from "./types.ts";

/** Everything of /etc/kubernetes/pki for one machine, in the order of the paths. Secrets: only for its delivery. */
export function machineFiles(plan: PkiPlan, storeDir: string, machine: string): readonly DeliveredFile[] {
  const planned = plan.machines.find(({ name }) => name === machine);
  if (planned === undefined)
    throw new LandfallError("unknown-machine", `${plan.cluster} has no machine ${machine}`, {
      found: machine,
      expected: plan.machines.map(({ name }) => name).join(", "),
    });
  const store = openStore(storeDir);
  const requests = plan.certificates.filter((request) => request.machine === machine);
  return filesOf(planned, rootsOf(store), requests, (id) => leafOf(store, id));
}

/** OpenSSH private key of the deployer, for deliveries. */
export function deliveryPrivateKey(storeDir: string): string {
  return rootsOf(openStore(storeDir)).delivery.key;
}

/** PEMs of a client that may do everything, and of the authority that it meets. */
export interface AdminCredentials {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

/** The administrator's credentials: the request with id `admin`. */
export function adminCredentials(storeDir: string): AdminCredentials {
  const store = openStore(storeDir);
  const { certificate, key } = leafOf(store, "admin");
  return { ca: rootsOf(store).authorities.kubernetes.certificate, certificate, key };
}

/** The deployer's credentials for etcd, to ask its members for their health: the request with id `etcd-client`. */
export function etcdCredentials(storeDir: string): AdminCredentials {
  const store = openStore(storeDir);
  const { certificate, key } = leafOf(store, "etcd-client");
  return { ca: rootsOf(store).authorities.etcd.certificate, certificate, key };
}

export interface KubeconfigOptions {
  /** URL of the API. Default: the plan's endpoint. */
  readonly server?: string;
  /** HTTP CONNECT proxy. Default: the plan's; null: none. */
  readonly proxy?: string | null;
}

/** A kubeconfig (YAML) that holds its certificates; it is as secret as the administrator's key. */
export function adminKubeconfig(
  plan: Pick<Plan, "cluster" | "endpoint" | "proxy">,
  storeDir: string,
  options: KubeconfigOptions = {},
): string {
  const { ca, certificate, key } = adminCredentials(storeDir);
  const proxy = options.proxy === undefined ? plan.proxy : (options.proxy ?? undefined);
  const user = `admin@${plan.cluster}`;
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    "current-context": plan.cluster,
    clusters: [
      {
        name: plan.cluster,
        cluster: {
          server: options.server ?? endpointUrl(plan),
          "certificate-authority-data": base64(ca),
          ...(proxy === undefined ? {} : { "proxy-url": proxy }),
        },
      },
    ],
    users: [
      {
        name: user,
        user: { "client-certificate-data": base64(certificate), "client-key-data": base64(key) },
      },
    ],
    contexts: [{ name: plan.cluster, context: { cluster: plan.cluster, user } }],
  });
}

function endpointUrl(plan: Pick<Plan, "endpoint">): string {
  const { address, port } = plan.endpoint;
  return `https://${urlHost(address)}:${port}`;
}

function rootsOf(store: Store): Roots {
  const roots = readRoots(store);
  if (roots === undefined) throw notIssued(store, "authorities");
  return roots;
}

function leafOf(store: Store, id: string): Entry {
  const text = store.read(leafName(id));
  const entry = text === undefined ? undefined : parseEntry(text);
  if (entry === undefined) throw notIssued(store, id);
  return entry;
}

function notIssued(store: Store, what: string): LandfallError {
  return new LandfallError("pki-not-issued", `the PKI store ${store.dir} does not hold ${what}`, {
    expected: "a store that a deploy of this cluster has filled",
    next: "run the deploy of this cluster, which issues what is missing",
  });
}

function base64(text: string): string {
  return Buffer.from(text).toString("base64");
}
