import type { Plan } from "../plan/index.ts";
import { apiServerPort, balancerPort, pkiDir } from "./paths.ts";
import { host } from "./static-pods.ts";

/**
 * haproxy's configuration: every node reaches the masters through 127.0.0.1, so that none depends on one of them.
 * Masters that answer /readyz are used; while none does (the first start, a power cut) connections are held and tried
 * again on all of them, so that kubelets do not fall into their own, much longer, back-off.
 */
export function balancerConfig(plan: Plan): string {
  const masters = plan.machines.filter((machine) => machine.role === "master");
  const at = (address: string) => `${host(address)}:${apiServerPort}`;
  const elsewhere = plan.endpoint.port === apiServerPort ? [] : [`  bind :::${plan.endpoint.port} v4v6`];
  return `${[
    "global",
    "  maxconn 4096",
    "  nbthread 1",
    "",
    "defaults",
    "  mode tcp",
    "  timeout connect 500ms",
    "  timeout client 1h",
    "  timeout server 1h",
    "  timeout check 2s",
    "  retries 60",
    "  option redispatch 1",
    "",
    "frontend api",
    `  bind 127.0.0.1:${balancerPort}`,
    ...elsewhere,
    "  default_backend masters",
    "",
    "backend masters",
    "  balance leastconn",
    "  option httpchk GET /readyz",
    "  option allbackups",
    `  default-server check-ssl verify required ca-file ${pkiDir}/ca.crt inter 2s fastinter 500ms downinter 500ms fall 2 rise 1 on-marked-down shutdown-sessions`,
    ...masters.map((master) => `  server ${master.name} ${at(master.address)} check`),
    ...masters.map((master) => `  server ${master.name}-unchecked ${at(master.address)} backup`),
  ].join("\n")}\n`;
}

/** The balancer starts once the CA that it checks masters with has been delivered. */
export const balancerDropin = `[Unit]
ConditionPathExists=${pkiDir}/.delivered
StartLimitIntervalSec=0

[Service]
RestartSec=1
`;
