import type { Plan } from "../plan/index.ts";
import { libDir } from "./paths.ts";

/**
 * keepalived's configuration template: the address where people reach the API moves to a master whose apiserver is
 * ready. VRRPv3 (RFC 5798), unicast, so that racks without multicast work; @INTERFACE@ is found when it starts.
 */
export function virtualIpConfig(plan: Plan): string {
  const masters = plan.machines.filter((machine) => machine.role === "master");
  const prefix = plan.endpoint.address.includes(":") ? 128 : 32;
  return `global_defs {
  router_id @NAME@
  vrrp_version 3
  enable_script_security
  script_user root
}

vrrp_script apiserver {
  script "${libDir}/apiserver-ready"
  interval 1
  timeout 2
  fall 1
  rise 1
}

vrrp_instance api {
  state BACKUP
  nopreempt
  interface @INTERFACE@
  virtual_router_id ${virtualRouterId(plan.endpoint.address)}
  priority 100
  advert_int 0.2
  unicast_src_ip @ADDRESS@
  unicast_peer {
${masters.map((master) => `    @UNLESS:${master.address}@${master.address}`).join("\n")}
  }
  virtual_ipaddress {
    ${plan.endpoint.address}/${prefix}
  }
  track_script {
    apiserver
  }
}
`;
}

/** 1-255, from the address: two clusters on one network have different addresses, so nearly always different ids. */
export function virtualRouterId(address: string): number {
  const last = address.includes(":")
    ? Number.parseInt(address.split(":").at(-1) || "0", 16)
    : Number(address.split(".").at(-1));
  return (last % 255) + 1;
}

/** Debian's unit, with our own configuration: its condition asks for a file of another name. */
export const virtualIpDropin = `[Unit]
ConditionFileNotEmpty=
StartLimitIntervalSec=0

[Service]
Type=simple
ExecStartPre=${libDir}/keepalived-config
ExecStart=
ExecStart=/usr/sbin/keepalived --dont-fork --log-console --use-file=/run/keepalived.conf
Restart=always
RestartSec=1
`;
