import { type Api, apiServerPort, openApi } from "../kubernetes/index.ts";
import { adminCredentials } from "../pki/index.ts";
import type { Plan } from "../plan/index.ts";
import { urlHost } from "../spec/index.ts";
import { pkiDir, type Workspace } from "./workspace.ts";

/** A client of the cluster's API that goes to whichever master answers: it needs neither the virtual IP nor DNS. */
export function clusterApi(workspace: Workspace, plan: Plan): Api {
  const { ca, certificate, key } = adminCredentials(pkiDir(workspace, plan.cluster));
  const masters = plan.machines.filter(({ role }) => role === "master");
  return openApi({ servers: masters.map(apiOf), ca, cert: certificate, key, proxy: plan.proxy });
}

function apiOf({ address }: Plan["machines"][number]): string {
  return `https://${urlHost(address)}:${apiServerPort}`;
}
