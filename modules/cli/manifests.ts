import { probeManifests } from "../health/index.ts";
import { addons } from "../kubernetes/index.ts";
import type { Plan } from "../plan/index.ts";
import type { Release } from "../release/index.ts";

/** Everything that Landfall applies to a cluster: its add-ons, and the web server that health is proven with. */
export function manifests(plan: Plan, { images }: Release): readonly object[] {
  const { web } = images;
  return [...addons({ plan, images }), ...(web === undefined ? [] : probeManifests({ plan, image: web }))];
}
