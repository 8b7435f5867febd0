import { type SiteDhcpOptions, siteDhcp } from "../../dhcp/index.ts";
import type { Invocation } from "../main.ts";
import { siteNamed } from "../project.ts";

/** Prints dnsmasq's configuration of a site. */
export async function dhcpCommand(
  { workspace }: Invocation,
  name: string,
  options: SiteDhcpOptions,
): Promise<undefined> {
  process.stdout.write(siteDhcp(siteNamed(workspace, name).site, options));
}
