export { planBmc, planPower } from "./bmc.ts";
export { certificateRequests } from "./certificates.ts";
export { type PlanInput, plan } from "./plan.ts";
export type {
  Authority,
  BgpPlan,
  BmcPlan,
  Body,
  BootPlan,
  CertificateRequest,
  ClusterId,
  ClusterNetwork,
  CommandPlan,
  CredentialsPlan,
  Endpoint,
  ExecPlan,
  IpmiPlan,
  MachinePlan,
  ManualPlan,
  Plan,
  PoolPlan,
  PowerLimits,
  RedfishPlan,
  Role,
  WolPlan,
} from "./types.ts";
