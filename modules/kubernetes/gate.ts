import { apiServerPort, balancerUrl, pkiDir } from "./paths.ts";

/**
 * For a master's own clients: its own apiserver lets them in. The last of the objects that an apiserver makes first are those
 * by which they may read this; all other roles are there by then. Readiness comes up to two seconds later.
 */
const rolesAreThere: Opening = {
  server: `https://127.0.0.1:${apiServerPort}`,
  path: "/api/v1/namespaces/kube-system/configmaps/extension-apiserver-authentication",
};

/**
 * For a program that masters elect one of: the one that is elected may work before the others start.
 * @param name of the program, and so of its lease.
 */
export function elected(name: string): Opening {
  return { ...rolesAreThere, turn: `/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/${name}` };
}

interface Opening {
  /** Default: the machine's balancer. */
  readonly server?: string;
  /** What has to be answered. */
  readonly path: string;
  /** What that answer has to hold. */
  readonly contains?: string;
  /** Path of the lease that says whose turn it is. */
  readonly turn?: string;
}

/**
 * The beginning of a command whose program waits until the API lets it in (modules/release/gate).
 * @param certificate the client's own, by its name on the machine.
 */
export function gate(
  certificate: string,
  { server = balancerUrl, path, contains, turn }: Opening,
): readonly string[] {
  return [
    "/usr/local/bin/gate",
    ...(contains === undefined ? [] : ["-contains", contains]),
    ...(turn === undefined ? [] : ["-turn", `${server}${turn}`]),
    `${pkiDir}/ca.crt`,
    `${pkiDir}/${certificate}.crt`,
    `${pkiDir}/${certificate}.key`,
    `${server}${path}`,
  ];
}
