import type { Plan } from "../../plan/index.ts";
import { image } from "../static-pods.ts";
import { coreDns } from "./coredns.ts";
import { controlPlaneRbac, networkRbac } from "./rbac.ts";

/** What every cluster gets once its API answers, as manifests for server-side apply; applying them again changes nothing. */
export function addons(options: {
  readonly plan: Plan;
  /** Image references by component, from the release. */
  readonly images: Readonly<Record<string, string>>;
}): readonly object[] {
  const { plan, images } = options;
  return [...controlPlaneRbac(), ...networkRbac(), ...coreDns(plan, image(images, "coredns"))];
}
