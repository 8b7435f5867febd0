// NetworkPolicies are enforced between nodes.
import { expect, test } from "vitest";
import type { Api } from "../harness/api.ts";
import { eventually } from "../harness/eventually.ts";
import type { Rack } from "../harness/rack.ts";
import { applyObjects, webImage } from "../support/objects.ts";

const cluster = "lab-v1";
const [guarded, outside] = ["guarded", "outside"];

export function networkPolicy(rack: () => Rack): void {
  test("a default-deny policy stops traffic between nodes, an allowing one lets it through again", async () => {
    const api = await rack().api(cluster);
    const image = await webImage(api);
    const apply = (...objects: object[]) => applyObjects(rack(), cluster, objects);
    await apply(
      namespace(guarded),
      namespace(outside),
      service(),
      web(guarded, "w1", image),
      web(outside, "w2", image),
    );

    await eventually("the way that nothing forbids", 30, () => reached(api));
    await apply(policy("deny", {}));
    await eventually("the denied way to be closed", 30, () => refused(api));
    await apply(
      policy("allow", { ingress: [{ from: [{ namespaceSelector: { matchLabels: { name: outside } } }] }] }),
    );
    await eventually("the allowed way", 30, () => reached(api));
    // Taken away again, it is the policy that made the difference.
    await rack().kubectl(cluster, ["delete", "networkpolicy", "allow", "-n", guarded]);
    await eventually("the way to be closed again", 30, () => refused(api));
    await rack().kubectl(cluster, ["delete", "namespace", guarded, outside]);
    const { status } = await api.ask(`/api/v1/namespaces/${guarded}`);
    expect(status).toBe(404);
  });
}

interface Probe {
  readonly node: string;
  readonly dns: { readonly addresses?: readonly string[] };
  readonly service: { readonly node?: string; readonly error?: string };
}

/** What the pod outside says of its way to the guarded one. */
function probe(api: Api): Promise<Probe> {
  return api.get<Probe>(`/api/v1/namespaces/${outside}/pods/web:8080/proxy/probe`);
}

async function reached(api: Api): Promise<true | undefined> {
  const { node, service } = await probe(api);
  return node === "w2" && service.node === "w1" ? true : undefined;
}

/** Closed is a way whose end has a name and does not answer: a broken DNS is no policy. */
async function refused(api: Api): Promise<true | undefined> {
  const { dns, service } = await probe(api);
  return dns.addresses?.length && service.node === undefined && service.error ? true : undefined;
}

function namespace(name: string): object {
  return { apiVersion: "v1", kind: "Namespace", metadata: { name, labels: { name } } };
}

function service(): object {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name: "web", namespace: guarded },
    spec: { selector: { app: "web" }, ports: [{ port: 80, targetPort: 8080 }] },
  };
}

function web(namespace: string, nodeName: string, image: string): object {
  const env = [
    { name: "NODE_NAME", value: nodeName },
    { name: "POD_NAME", value: "web" },
    { name: "PROBE_SERVICE", value: `web.${guarded}.svc.cluster.local` },
  ];
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "web", namespace, labels: { app: "web" } },
    spec: {
      nodeName,
      terminationGracePeriodSeconds: 1,
      containers: [{ name: "web", image, imagePullPolicy: "Never", env, ports: [{ containerPort: 8080 }] }],
    },
  };
}

/** For all pods of the guarded namespace. */
function policy(name: string, rules: object): object {
  return {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name, namespace: guarded },
    spec: { podSelector: {}, policyTypes: ["Ingress"], ...rules },
  };
}
