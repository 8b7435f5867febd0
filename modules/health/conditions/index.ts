import type { Condition } from "../condition.ts";
import { api, apiServers } from "./api.ts";
import { certificates } from "./certificates.ts";
import { controlPlane } from "./control-plane.ts";
import { dns } from "./dns.ts";
import { etcd } from "./etcd.ts";
import { network } from "./network.ts";
import { nodesReady } from "./nodes.ts";
import { service } from "./service.ts";

/** In the order in which one rests on another: the first that does not hold is where to look. */
export const conditions: readonly Condition[] = [
  api,
  apiServers,
  etcd,
  controlPlane,
  nodesReady,
  network,
  dns,
  service,
  certificates,
];
