// What every apiserver makes when a cluster starts: roles and who has them, priorities, flows, the list of its own APIs.
// Three apiservers that start at once make each of some 170 objects three times over, one write after the other, and
// until then refuse whoever needs a role. So a release has them, as this version's own apiserver made them while the
// release was built, and a master writes them into the new etcd at once (modules/kubernetes/scripts/first-objects.sh).
// An apiserver finds them, compares each with its own as it always does, and mends what differs. The controller-manager
// looks for an account before it starts each of forty controllers, one after the other; those are there too.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ownText } from "./files.ts";
import { runRecipe } from "./recipe.ts";
import { defineStep, type Step } from "./step.ts";

export const firstObjectsFile = "first-objects.json";

/** Paths below /apis, and etcd's below /registry. Not what differs between clusters: namespaces, Services, leases. */
const resources: Readonly<Record<string, string>> = {
  "rbac.authorization.k8s.io/v1/clusterroles": "clusterroles",
  "rbac.authorization.k8s.io/v1/clusterrolebindings": "clusterrolebindings",
  "rbac.authorization.k8s.io/v1/roles": "roles",
  "rbac.authorization.k8s.io/v1/rolebindings": "rolebindings",
  "flowcontrol.apiserver.k8s.io/v1/flowschemas": "flowschemas",
  "flowcontrol.apiserver.k8s.io/v1/prioritylevelconfigurations": "prioritylevelconfigurations",
  "scheduling.k8s.io/v1/priorityclasses": "priorityclasses",
  "apiregistration.k8s.io/v1/apiservices": "apiregistration.k8s.io/apiservices",
};

export interface ObjectList {
  /** As "ClusterRoleList". */
  readonly kind: string;
  readonly apiVersion: string;
  readonly items: readonly StoredObject[];
}

interface StoredObject {
  readonly metadata: { readonly name: string; readonly namespace?: string } & Record<string, unknown>;
  readonly status?: { readonly conditions?: readonly Record<string, unknown>[] };
}

/** One object as etcd has it, but for what each cluster gives its own: uid and times. */
export interface FirstObject {
  readonly key: string;
  readonly object: object;
}

/** @param prefix etcd's for the resource, below /registry */
export function firstObjects(prefix: string, { kind, apiVersion, items }: ObjectList): FirstObject[] {
  return items.map(({ metadata, status, ...rest }) => {
    const { uid, creationTimestamp, resourceVersion, managedFields, ...kept } = metadata;
    const { name, namespace } = metadata;
    return {
      key: ["/registry", prefix, ...(namespace === undefined ? [] : [namespace]), name].join("/"),
      object: {
        kind: kind.replace(/List$/, ""),
        apiVersion,
        metadata: kept,
        ...rest,
        ...(status?.conditions && {
          status: { conditions: status.conditions.map(({ lastTransitionTime, ...condition }) => condition) },
        }),
      },
    };
  });
}

interface Binding {
  readonly subjects?: readonly {
    readonly kind: string;
    readonly name: string;
    readonly namespace?: string;
  }[];
}

/** The controllers' accounts, as the controller-manager would make them: those that a controller's own role was given to. */
export function controllerAccounts(objects: readonly FirstObject[]): FirstObject[] {
  const names = objects
    .filter(({ key }) => key.startsWith("/registry/clusterrolebindings/system:controller:"))
    .flatMap(({ object }) => (object as Binding).subjects ?? [])
    .filter(({ kind, namespace }) => kind === "ServiceAccount" && namespace === "kube-system")
    .map(({ name }) => name);
  return [...new Set(names)].sort().map((name) => ({
    key: `/registry/serviceaccounts/kube-system/${name}`,
    object: { kind: "ServiceAccount", apiVersion: "v1", metadata: { name, namespace: "kube-system" } },
  }));
}

export function firstObjectsStep(kubernetes: string, programs: Step, etcd: Step): Step {
  const recipe = "first-objects.sh";
  return defineStep(
    `first-objects-${kubernetes}`,
    { recipe: ownText("recipes", recipe), source: ownText("first-objects.ts") },
    [programs, etcd],
    async (context) => {
      const { out, outputOf } = context;
      const env = {
        KUBERNETES: outputOf(programs),
        ETCD: outputOf(etcd),
        RESOURCES: Object.keys(resources).join("\n"),
        OUT: out,
      };
      await runRecipe(context, recipe, env, ["--net"]);
      const all = Object.values(resources).flatMap((prefix, index) =>
        firstObjects(prefix, JSON.parse(readFileSync(join(out, "lists", `${index}.json`), "utf8"))),
      );
      writeFileSync(join(out, firstObjectsFile), `${JSON.stringify([...all, ...controllerAccounts(all)])}\n`);
    },
  );
}
