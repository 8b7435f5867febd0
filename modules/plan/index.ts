export { certificateRequests } from "./certificates.ts";
export { type PlanInput, plan } from "./plan.ts";
export type {
  Authority,
  BmcPlan,
  BootPlan,
  CertificateRequest,
  ClusterId,
  ClusterNetwork,
  Endpoint,
  MachinePlan,
  Plan,
  PoolPlan,
  Role,
} from "./types.ts";
