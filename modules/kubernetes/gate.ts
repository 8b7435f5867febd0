import { apiServerPort, balancerUrl, pkiDir } from "./paths.ts";

/**
 * For a master's own clients: its own apiserver lets them in. The last of the objects that an apiserver makes first are those
 * by which they may read this; all other roles are there by then. Readiness comes up to two seconds later.
 */
export const rolesAreThere = {
  server: `https://127.0.0.1:${apiServerPort}`,
  path: "/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication",
};

/**
 * The beginning of a command whose program waits until the API lets it in (modules/release/gate).
 * @param certificate the client's own, by its name on the machine.
 */
export function gate(
  certificate: string,
  {
    server = balancerUrl,
    path,
    contains,
  }: { readonly server?: string; readonly path: string; readonly contains?: string },
): readonly string[] {
  return [
    "/usr/local/bin/gate",
    ...(contains === undefined ? [] : ["-contains", contains]),
    `${pkiDir}/ca.crt`,
    `${pkiDir}/${certificate}.crt`,
    `${pkiDir}/${certificate}.key`,
    `${server}${path}`,
  ];
}
