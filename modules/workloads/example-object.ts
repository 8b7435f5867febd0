// An object of a cluster, in the namespace that the tests of this module work in: for tests alone.
import type { KubeObject } from "./objects.ts";

export function exampleObject(
  apiVersion: string,
  kind: string,
  name: string,
  more: object = {},
  metadata: object = {},
): KubeObject {
  return {
    apiVersion,
    kind,
    metadata: { name, namespace: "shop", uid: `${kind}-${name}`, ...metadata },
    ...more,
  };
}
