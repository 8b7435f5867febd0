export { addons } from "./addons/index.ts";
export {
  type Api,
  ApiError,
  type ApiOptions,
  type ApiReply,
  type ApiRequest,
  chooseServer,
  getJson,
  openApi,
  reason,
  type Send,
  statusMessage,
} from "./api.ts";
export { type Applied, type ApplyOptions, applyManifests, mayPass } from "./apply.ts";
export { hash } from "./hash.ts";
export {
  cniConfig,
  kubeRouterCommand,
  kubeRouterEnv,
  kubeRouterHealthPort,
  kubeRouterRole,
  startScript,
} from "./kube-router.ts";
export { machineConfig, operatingSystem } from "./machine-config.ts";
export { agentLabel, agentNames } from "./node-agents.ts";
export { nameRoles } from "./node-roles.ts";
export { apiServerPort, balancerPort, etcdHttpPort } from "./paths.ts";
export { assetPath, machineMetadata, type PoolProfile, poolProfile } from "./profile.ts";
export { addressAnnotation, holdsLabel } from "./service-address.ts";
export { type StreamRequest, stream } from "./stream.ts";
export { virtualIpConfig } from "./virtual-ip.ts";
