import { openApi } from "../kubernetes/index.ts";
import type { HealthContext } from "./condition.ts";
import { apiServerUrl, endpointUrl, etcdUrl, masters } from "./servers.ts";

/** PEM texts of a client, and of the authority of the servers that it meets. */
export interface ClientCredentials {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

export interface HealthOptions extends Pick<HealthContext, "plan" | "pki" | "lastHeard"> {
  readonly admin: ClientCredentials;
  /** A client of etcd. Default: members are judged through their apiservers only. */
  readonly etcdClient?: ClientCredentials | undefined;
  /** Default: this computer's clock. */
  readonly now?: () => Date;
}

/** The context of a real cluster. Nothing is sent before a check; close it when done. */
export function openHealth(options: HealthOptions): HealthContext & { readonly close: () => Promise<void> } {
  const { plan, pki, lastHeard, admin, etcdClient, now = () => new Date() } = options;
  const machines = masters(plan);
  const api = openApi({
    // The masters before the endpoint: all are asked at once, and a virtual IP that is late delays nothing.
    servers: [...machines.map(apiServerUrl), endpointUrl(plan)],
    ca: admin.ca,
    cert: admin.certificate,
    key: admin.key,
    proxy: plan.proxy,
  });
  const etcd =
    etcdClient &&
    openApi({
      servers: machines.map(etcdUrl),
      ca: etcdClient.ca,
      cert: etcdClient.certificate,
      key: etcdClient.key,
      proxy: plan.proxy,
    });
  return {
    plan,
    pki,
    lastHeard,
    now,
    api,
    ...(etcd && { etcd }),
    close: async () => {
      await Promise.all([api.close(), etcd?.close()]);
    },
  };
}
