// What is never copied, and why: the one table of it. docs/workloads.md shows the same (a test holds that).
import {
  at,
  fieldsOf,
  groupOf,
  idOf,
  type KubeObject,
  kindOf,
  listOf,
  type OwnerReference,
  textAt,
} from "./objects.ts";

export interface LeftOutRule {
  /** What is left out, for people. */
  readonly what: string;
  /** Why, as half a sentence after the object's name. */
  readonly reason: string;
  /** Ids of kinds, as `Lease.coordination.k8s.io`: left out as a whole, and not even read. */
  readonly kinds?: readonly string[];
  /** Of the kinds that are read. */
  readonly matches?: (object: KubeObject, cluster: Surroundings) => boolean;
}

/** What a rule may look at beside the object itself. */
export interface Surroundings {
  readonly byId: ReadonlyMap<string, KubeObject>;
  readonly byUid: ReadonlyMap<string, KubeObject>;
}

export function surroundings(objects: readonly KubeObject[]): Surroundings {
  return {
    byId: new Map(objects.map((object) => [idOf(object), object])),
    // A released claim, told from its volume's annotation, has none.
    byUid: new Map(objects.flatMap((object) => (object.metadata.uid ? [[object.metadata.uid, object]] : []))),
  };
}

/** Namespaces that are each cluster's own. */
export const ownNamespaces = ["kube-system", "kube-public", "kube-node-lease", "landfall-system"];

/** Kinds that an owner makes again: a copy would be a second one. Others that have an owner are copied with it. */
const madeAgain = new Set([
  ...["Pod", "ReplicaSet.apps", "ControllerRevision.apps", "Job.batch", "PodTemplate"],
  ...["EndpointSlice.discovery.k8s.io", "ResourceClaim.resource.k8s.io", "PersistentVolumeClaim"],
]);

export const leftOutRules: readonly LeftOutRule[] = [
  {
    what: "Events",
    reason: "tell of what happened in the other cluster",
    kinds: ["Event", "Event.events.k8s.io"],
  },
  {
    what: "Nodes, and what is said of them (CSINode, ResourceSlice)",
    reason: "are the cluster's machines",
    kinds: ["Node", "CSINode.storage.k8s.io", "ResourceSlice.resource.k8s.io"],
  },
  {
    what: "Leases",
    reason: "say who leads and who lives in the other cluster",
    kinds: ["Lease.coordination.k8s.io", "LeaseCandidate.coordination.k8s.io"],
  },
  {
    what: "VolumeAttachments, CSIStorageCapacities",
    reason: "say what is attached to the other cluster's machines",
    kinds: ["VolumeAttachment.storage.k8s.io", "CSIStorageCapacity.storage.k8s.io"],
  },
  {
    what: "VolumeSnapshots and their contents",
    reason: "would be taken anew: they belong to the storage that made them",
    kinds: ["VolumeSnapshot.snapshot.storage.k8s.io", "VolumeSnapshotContent.snapshot.storage.k8s.io"],
  },
  {
    what: "CertificateSigningRequests",
    reason: "are answered by the other cluster's authority",
    kinds: ["CertificateSigningRequest.certificates.k8s.io"],
  },
  {
    what: "IPAddresses, ServiceCIDRs",
    reason: "belong to the cluster's own range of Services' addresses",
    kinds: ["IPAddress.networking.k8s.io", "ServiceCIDR.networking.k8s.io"],
  },
  {
    what: "StorageVersions and their migrations",
    reason: "tell how the other cluster's etcd is written",
    kinds: ["StorageVersion.internal.apiserver.k8s.io", "StorageVersionMigration.storagemigration.k8s.io"],
  },
  {
    what: `everything in ${ownNamespaces.join(", ")}, and these namespaces`,
    reason: "is each cluster's own: what you added there is added to the new cluster by you",
    matches: ({ kind, metadata }) =>
      ownNamespaces.includes(metadata.namespace ?? "") ||
      (kind === "Namespace" && ownNamespaces.includes(metadata.name)),
  },
  {
    what: "what is being deleted",
    reason: "is being deleted",
    matches: ({ metadata }) => metadata.deletionTimestamp !== undefined,
  },
  {
    what: "Pods, ReplicaSets, Jobs, ControllerRevisions, EndpointSlices, claims and the like that have an owner",
    reason: "is made again by its owner",
    matches: (object, cluster) => {
      const owner = controllerOf(object);
      return owner !== undefined && madeAgain.has(kindOf(object)) && cluster.byUid.has(owner.uid);
    },
  },
  {
    what: "EndpointSlices of Services with a selector, and mirrored ones",
    reason: "is made by the cluster from its Service",
    matches: (object) =>
      kindOf(object) === "EndpointSlice.discovery.k8s.io" &&
      (label(object, "endpointslice.kubernetes.io/managed-by") ?? "").endsWith(".k8s.io"),
  },
  {
    what: "Endpoints of Services with a selector",
    reason: "is made by the cluster from its Service",
    matches: (object, cluster) => {
      if (kindOf(object) !== "Endpoints") return false;
      const { namespace, name } = object.metadata;
      const service = cluster.byId.get(`Service ${namespace}/${name}`);
      return service === undefined || Object.keys(fieldsOf(at(service, "spec", "selector"))).length > 0;
    },
  },
  {
    what: "the Service `kubernetes`, with its Endpoints",
    reason: "is the cluster's own API",
    matches: (object) =>
      object.metadata.namespace === "default" &&
      object.metadata.name === "kubernetes" &&
      ["Service", "Endpoints", "EndpointSlice.discovery.k8s.io"].includes(kindOf(object)),
  },
  {
    what: "mirror pods, and pods that have ended",
    reason: "is run by a node from a file, or has ended",
    matches: (object) =>
      kindOf(object) === "Pod" &&
      (annotation(object, "kubernetes.io/config.mirror") !== undefined ||
        ["Succeeded", "Failed"].includes(textAt(object, "status", "phase") ?? "")),
  },
  {
    what: "Jobs without an owner, unless suspended",
    reason: "runs once: where it has begun it ends",
    matches: (object) => kindOf(object) === "Job.batch" && at(object, "spec", "suspend") !== true,
  },
  {
    what: "tokens of service accounts",
    reason: "is signed by the other cluster",
    matches: (object) =>
      kindOf(object) === "Secret" &&
      ["kubernetes.io/service-account-token", "bootstrap.kubernetes.io/token"].includes(
        textAt(object, "type") ?? "",
      ),
  },
  {
    what: "service accounts called `default` that are as they were made",
    reason: "is made with its namespace",
    matches: (object) =>
      kindOf(object) === "ServiceAccount" &&
      object.metadata.name === "default" &&
      listOf(object.imagePullSecrets).length === 0 &&
      object.automountServiceAccountToken === undefined &&
      Object.keys(object.metadata.labels ?? {}).length === 0 &&
      Object.keys(object.metadata.annotations ?? {}).length === 0,
  },
  {
    what: "ConfigMaps kube-root-ca.crt",
    reason: "holds the other cluster's authority",
    matches: (object) => kindOf(object) === "ConfigMap" && object.metadata.name === "kube-root-ca.crt",
  },
  {
    what: "roles and bindings that come with Kubernetes (`system:...`, bootstrapped ones) or with Landfall (`landfall:...`)",
    reason: "comes with the cluster",
    matches: (object) =>
      groupOf(object.apiVersion) === "rbac.authorization.k8s.io" &&
      (/^(system|landfall):/.test(object.metadata.name) ||
        label(object, "kubernetes.io/bootstrapping") === "rbac-defaults"),
  },
  {
    what: "PriorityClasses `system-...`",
    reason: "comes with the cluster",
    matches: (object) =>
      kindOf(object) === "PriorityClass.scheduling.k8s.io" && object.metadata.name.startsWith("system-"),
  },
  {
    what: "FlowSchemas and PriorityLevelConfigurations that the API server keeps",
    reason: "comes with the cluster",
    matches: (object) =>
      groupOf(object.apiVersion) === "flowcontrol.apiserver.k8s.io" &&
      (annotation(object, "apf.kubernetes.io/autoupdate-spec") === "true" ||
        ["exempt", "catch-all"].includes(object.metadata.name)),
  },
  {
    what: "APIServices, but for those of a copied API server of your own",
    reason: "comes with the cluster, or with what serves it",
    matches: (object) =>
      kindOf(object) === "APIService.apiregistration.k8s.io" &&
      ownNamespaces.includes(textAt(object, "spec", "service", "namespace") ?? "kube-system"),
  },
  {
    what: "ClusterTrustBundles of signers",
    reason: "is published by its signer",
    matches: (object) =>
      kindOf(object) === "ClusterTrustBundle.certificates.k8s.io" &&
      textAt(object, "spec", "signerName") !== undefined,
  },
];

/** Reasons by id of kinds that are left out as a whole. */
export const leftOutKinds: ReadonlyMap<string, string> = new Map(
  leftOutRules.flatMap(({ kinds = [], reason }) => kinds.map((kind) => [kind, reason] as const)),
);

/** Why an object is never copied; undefined if it may be. */
export function whyLeftOut(object: KubeObject, cluster: Surroundings): string | undefined {
  const whole = leftOutKinds.get(kindOf(object));
  return whole ?? leftOutRules.find(({ matches }) => matches?.(object, cluster))?.reason;
}

export function controllerOf({ metadata }: KubeObject): OwnerReference | undefined {
  return metadata.ownerReferences?.find(({ controller }) => controller === true);
}

function label({ metadata }: KubeObject, name: string): string | undefined {
  return metadata.labels?.[name];
}

function annotation({ metadata }: KubeObject, name: string): string | undefined {
  return metadata.annotations?.[name];
}
