import type { Plan, Role } from "../plan/index.ts";
import { urlHost } from "../spec/index.ts";
import { apiServerPort, balancerPort, ownReadyPort, pkiDir } from "./paths.ts";

/**
 * haproxy's configuration: every node reaches the masters through 127.0.0.1, so that none depends on one of them.
 * Masters that answer /readyz are used; while none does (the first start, a power cut) connections are held and tried
 * again on all of them, so that kubelets do not fall into their own, much longer, back-off.
 *
 * On masters it also answers, for keepalived and the stages' report, whether their own apiserver is ready: both ask every
 * second, and a TLS client started for each question would be what an idle machine does most.
 */
export function balancerConfig(plan: Plan, role: Role): string {
  const masters = plan.machines.filter((machine) => machine.role === "master");
  const at = (address: string) => `${urlHost(address)}:${apiServerPort}`;
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
    `  default-server check-ssl verify required ca-file ${pkiDir}/ca.crt inter 2s fastinter 500ms downinter 1s fall 2 rise 1 on-marked-down shutdown-sessions`,
    ...masters.map((master) => `  server ${master.name} ${at(master.address)} check`),
    ...masters.map((master) => `  server ${master.name}-unchecked ${at(master.address)} backup`),
    ...(role === "master" ? ownReady : []),
  ].join("\n")}\n`;
}

const ownReady = [
  "",
  "frontend own-ready",
  "  mode http",
  `  bind 127.0.0.1:${ownReadyPort}`,
  "  acl dead nbsrv(own) lt 1",
  "  monitor-uri /readyz",
  "  monitor fail if dead",
  "",
  "backend own",
  "  option httpchk GET /readyz",
  `  server own 127.0.0.1:${apiServerPort} check check-ssl verify required ca-file ${pkiDir}/ca.crt inter 1s fastinter 300ms downinter 500ms fall 2 rise 1`,
];

/** The balancer starts once the CA that it checks masters with has been delivered. */
export const balancerDropin = `[Unit]
ConditionPathExists=${pkiDir}/.delivered
StartLimitIntervalSec=0

[Service]
# Debian's checks the configuration first, which takes as long as the start itself.
ExecStartPre=
RestartSec=1
`;
