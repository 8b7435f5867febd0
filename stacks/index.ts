export { ClusterStack, type ClusterStackProps, type StackPaths } from "./cluster-stack.ts";
export { synthesise } from "./synthesise.ts";
