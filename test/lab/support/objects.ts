// What stories put into a cluster.
import { stringify } from "yaml";
import type { Api } from "../harness/api.ts";
import type { Rack } from "../harness/rack.ts";

interface DaemonSet {
  readonly spec: {
    readonly template: { readonly spec: { readonly containers: readonly { readonly image: string }[] } };
  };
}

/** Of the release's web server, which every machine has. */
export async function webImage(api: Api): Promise<string> {
  const { spec } = await api.get<DaemonSet>("/apis/apps/v1/namespaces/landfall-system/daemonsets/web");
  return spec.template.spec.containers[0]!.image;
}

/** Puts them there as a person does, by kubectl. */
export async function applyObjects(rack: Rack, cluster: string, objects: readonly object[]): Promise<void> {
  const manifest = objects.map((object) => stringify(object)).join("---\n");
  await rack.kubectl(cluster, ["apply", "-f", "-"], manifest);
}
