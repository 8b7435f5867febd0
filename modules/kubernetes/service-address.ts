// How a cluster is told whether it holds an address of a Service, and tells who of its nodes does: scripts/addresses.sh
// speaks of both.

/**
 * Of the Service. `hold`: a master holds the address. `stand-by`: one does, if nobody of the other cluster can. `take`: as
 * `hold`, and before another cluster that holds it. Anything else, or nothing: none does.
 */
export const addressAnnotation = "landfall.local/address";

/** Of the node that holds it; its value is "true". */
export function holdsLabel(address: string): string {
  return `landfall.local/holds-${address}`;
}
