import type { Plan } from "../plan/index.ts";
import { virtualRouterId } from "../spec/index.ts";
import { addressesDir, libDir } from "./paths.ts";

/**
 * keepalived's configuration template: the address where people reach the API moves to a master whose apiserver is
 * ready. VRRPv3 (RFC 5798), unicast, so that racks without multicast work; @INTERFACE@ is found when it starts.
 *
 * Addresses of Services are shared with the cluster's other version, whose masters are not known here: by multicast. How
 * gladly this master holds one is a number that scripts/addresses.sh writes; until then it does not.
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
${(plan.network.addresses ?? []).map(({ address }) => serviceAddress(address)).join("")}`;
}

function serviceAddress(address: string): string {
  return `
track_file ${address} {
  file "${addressesDir}/${address}"
  weight 1
  init_file -254
}

vrrp_instance ${address} {
  state BACKUP
  interface @INTERFACE@
  virtual_router_id ${virtualRouterId(address)}
  priority 1
  advert_int 1
  virtual_ipaddress {
    ${address}/32
  }
  track_file {
    ${address}
  }
}
`;
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

/** landfall-addresses.service: until this machine's keys are delivered it asks in vain, and no address is held. */
export const addressesUnit = `[Unit]
Description=Tell keepalived which addresses of Services this master may hold
StartLimitIntervalSec=0

[Service]
ExecStart=${libDir}/addresses
Restart=always
RestartSec=1

[Install]
WantedBy=multi-user.target
`;
