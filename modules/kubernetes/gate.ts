import { balancerUrl, pkiDir } from "./paths.ts";

/**
 * The beginning of a command whose program waits until the API lets it in (modules/release/gate).
 * @param certificate the client's own, by its name on the machine.
 */
export function gate(
  certificate: string,
  { path, contains }: { readonly path: string; readonly contains?: string },
): readonly string[] {
  return [
    "/usr/local/bin/gate",
    ...(contains === undefined ? [] : ["-contains", contains]),
    `${pkiDir}/ca.crt`,
    `${pkiDir}/${certificate}.crt`,
    `${pkiDir}/${certificate}.key`,
    `${balancerUrl}${path}`,
  ];
}
