// An object as somebody could have written it: without what its cluster put into it.
import { addressAnnotation } from "../kubernetes/index.ts";
import {
  at,
  changed,
  type Fields,
  fieldsOf,
  isFields,
  type KubeObject,
  kindOf,
  listOf,
  type Metadata,
  type OwnerReference,
  omit,
  textAt,
  without,
} from "./objects.ts";

/** Annotations of Landfall's own, by which a migration remembers. */
export const ownAnnotations = "migrate.landfall.local/";

const bornAnnotations = new Set([
  ...["deprecated.daemonset.template.generation", "endpoints.kubernetes.io/last-change-trigger-time"],
  ...["control-plane.alpha.kubernetes.io/leader", "batch.kubernetes.io/job-tracking"],
  ...["autoscaling.alpha.kubernetes.io/conditions", "autoscaling.alpha.kubernetes.io/current-metrics"],
  ...["volume.kubernetes.io/selected-node", "volume.kubernetes.io/storage-provisioner"],
  ...["volume.beta.kubernetes.io/storage-provisioner", "kubernetes.io/config.source"],
]);
const bornAnnotationPrefixes = [
  ...["deployment.kubernetes.io/", "pv.kubernetes.io/", "apf.kubernetes.io/", "kubernetes.io/config."],
  ownAnnotations,
  // Who announces an address, or holds it, is the cut-over's to say: a copy would draw traffic at once.
  "kube-router.io/service.advertise.",
  addressAnnotation,
];
const bornLabels = ["kubernetes.io/metadata.name"];

/** Of specs, by kind. `template` is the pods' own. */
const byKind: Readonly<Record<string, (object: KubeObject) => KubeObject>> = {
  Namespace: (object) => without(object, "spec"),
  Service: cleanService,
  ServiceAccount: (object) => without(object, "secrets"),
  PersistentVolumeClaim: (object) => without(object, "spec", "volumeName"),
  PersistentVolume: (object) =>
    changed(object, ["spec", "claimRef"], (claim) => ({
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      namespace: at(claim, "namespace"),
      name: at(claim, "name"),
    })),
  Pod: cleanPod,
  "Job.batch": cleanJob,
  // Rules of aggregated roles are summed up by each cluster.
  "ClusterRole.rbac.authorization.k8s.io": (object) =>
    object.aggregationRule === undefined ? object : without(object, "rules"),
  "StatefulSet.apps": (object) =>
    changed(object, ["spec", "volumeClaimTemplates"], (claims) =>
      listOf(claims).map((claim) => without(claim, "status")),
    ),
};

/** Without the fields that are born in a cluster. Owners are put back by `withOwners`. */
export function cleaned(object: KubeObject): KubeObject {
  const written = { ...omit(object, ["status"]), metadata: cleanMetadata(object.metadata) };
  return withoutEmptyTimes((byKind[kindOf(object)] ?? ((same) => same))(written)) as KubeObject;
}

function cleanMetadata({ name, namespace, labels = {}, annotations = {} }: Metadata): Metadata {
  const keptLabels = omit(labels, bornLabels);
  const keptAnnotations = Object.fromEntries(
    Object.entries(annotations).filter(
      ([key]) =>
        !bornAnnotations.has(key) && !bornAnnotationPrefixes.some((prefix) => key.startsWith(prefix)),
    ),
  );
  return {
    name,
    ...(namespace !== undefined && { namespace }),
    ...(Object.keys(keptLabels).length > 0 && { labels: keptLabels }),
    ...(Object.keys(keptAnnotations).length > 0 && { annotations: keptAnnotations }),
  };
}

/** Addresses are each cluster's own, but for `None`, which says that there is none. */
function cleanService(object: KubeObject): KubeObject {
  const spec = fieldsOf(object.spec);
  const headless = spec.clusterIP === "None";
  const family = ["PreferDualStack", "RequireDualStack"].includes(String(spec.ipFamilyPolicy));
  return {
    ...object,
    spec: {
      ...omit(spec, ["clusterIP", "clusterIPs", "ipFamilies", ...(family ? [] : ["ipFamilyPolicy"])]),
      ...(headless && { clusterIP: "None" }),
    },
  };
}

/** What admission put into a pod that nobody but a person made. */
function cleanPod(object: KubeObject): KubeObject {
  const injected = (volume: unknown) => (textAt(volume, "name") ?? "").startsWith("kube-api-access-");
  const withoutToken = (containers: unknown) =>
    listOf(containers).map((container) =>
      changed(container, ["volumeMounts"], (mounts) => listOf(mounts).filter((mount) => !injected(mount))),
    );
  const notMounted = changed(
    changed(object, ["spec", "containers"], withoutToken),
    ["spec", "initContainers"],
    withoutToken,
  );
  return changed(notMounted, ["spec"], (spec) => ({
    ...omit(fieldsOf(spec), ["nodeName", "priority", "preemptionPolicy", "ephemeralContainers"]),
    ...(at(spec, "volumes") !== undefined && {
      volumes: listOf(at(spec, "volumes")).filter((volume) => !injected(volume)),
    }),
  }));
}

/** A Job's selector and the labels for it are made from its uid, unless its author made them. */
function cleanJob(object: KubeObject): KubeObject {
  if (at(object, "spec", "manualSelector") === true) return object;
  const born = ["batch.kubernetes.io/controller-uid", "controller-uid"];
  return changed(without(object, "spec", "selector"), ["spec", "template", "metadata", "labels"], (labels) =>
    omit(fieldsOf(labels), born),
  );
}

/** Templates carry `creationTimestamp: null`, which no schema knows. */
function withoutEmptyTimes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmptyTimes);
  if (!isFields(value)) return value;
  const kept: [string, unknown][] = Object.entries(value).filter(
    ([key, inner]) => key !== "creationTimestamp" || inner !== null,
  );
  return Object.fromEntries(kept.map(([key, inner]) => [key, withoutEmptyTimes(inner)])) as Fields;
}

/**
 * With those of blue's owners that are in green too, by their uids there: an owner that is not would have green's
 * garbage collector delete the object.
 */
export function withOwners(
  manifest: KubeObject,
  owners: readonly OwnerReference[],
  greenUid: (blueUid: string) => string | undefined,
): KubeObject {
  const known = owners.flatMap((owner) => {
    const uid = greenUid(owner.uid);
    return uid === undefined ? [] : [{ ...owner, uid }];
  });
  if (known.length === 0) return manifest;
  return { ...manifest, metadata: { ...manifest.metadata, ownerReferences: known } };
}
