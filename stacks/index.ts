export { ClusterStack, type ClusterStackProps, type StackPaths, stateSchema } from "./cluster-stack.ts";
export { synthesise } from "./synthesise.ts";
