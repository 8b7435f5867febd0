import { apiServerPort, etcdHttpPort } from "../kubernetes/index.ts";
import type { MachinePlan, Plan } from "../plan/index.ts";
import { urlHost } from "../spec/index.ts";

/** The endpoint that people use. */
export function endpointUrl({ endpoint }: Pick<Plan, "endpoint">): string {
  return url(endpoint.address, endpoint.port);
}

/** A master's own apiserver. */
export function apiServerUrl({ address }: Pick<MachinePlan, "address">): string {
  return url(address, apiServerPort);
}

/** A master's own etcd member, by HTTP. */
export function etcdUrl({ address }: Pick<MachinePlan, "address">): string {
  return url(address, etcdHttpPort);
}

export function masters({ machines }: Pick<Plan, "machines">): readonly MachinePlan[] {
  return machines.filter((machine) => machine.role === "master");
}

function url(address: string, port: number): string {
  return `https://${urlHost(address)}:${port}`;
}
