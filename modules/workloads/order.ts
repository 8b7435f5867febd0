// In which order objects are made: what others need comes first, what stands in the way of others comes last.
import type { Kind } from "./kinds.ts";
import { groupOf, type KubeObject } from "./objects.ts";

export const stages = [
  "definitions",
  "namespaces",
  "roles",
  "service accounts",
  "configuration",
  "secrets",
  "volumes",
  "services",
  "policies",
  "workloads",
  "custom resources",
  "scaling",
  "admission",
] as const;
export type Stage = (typeof stages)[number];

/** By kind, and else by group; kinds that are in neither are configuration. */
const kindStages: Readonly<Record<string, Stage>> = {
  CustomResourceDefinition: "definitions",
  Namespace: "namespaces",
  ServiceAccount: "service accounts",
  Secret: "secrets",
  PersistentVolume: "volumes",
  PersistentVolumeClaim: "volumes",
  Service: "services",
  Endpoints: "services",
  EndpointSlice: "services",
  Ingress: "services",
  NetworkPolicy: "policies",
  PodDisruptionBudget: "policies",
  ResourceQuota: "policies",
  LimitRange: "policies",
  Pod: "workloads",
  ReplicationController: "workloads",
  // It would scale what is not there yet.
  HorizontalPodAutoscaler: "scaling",
  // Webhooks whose pods do not run yet would refuse everything after them.
  ValidatingWebhookConfiguration: "admission",
  MutatingWebhookConfiguration: "admission",
  ValidatingAdmissionPolicy: "admission",
  ValidatingAdmissionPolicyBinding: "admission",
  MutatingAdmissionPolicy: "admission",
  MutatingAdmissionPolicyBinding: "admission",
  APIService: "admission",
};
const groupStages: Readonly<Record<string, Stage>> = {
  "rbac.authorization.k8s.io": "roles",
  apps: "workloads",
  batch: "workloads",
};

/** `isCustom`: whether the object's kind comes from a definition. */
export function stageOf(
  { apiVersion, kind }: Pick<KubeObject, "apiVersion" | "kind">,
  isCustom: boolean,
): Stage {
  if (isCustom) return "custom resources";
  return kindStages[kind] ?? groupStages[groupOf(apiVersion)] ?? "configuration";
}

export function isCustomKind(kind: Kind, defined: ReadonlySet<string>): boolean {
  return defined.has(kind.id);
}
