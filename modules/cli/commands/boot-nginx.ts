import { dirname, resolve } from "node:path";
import { nginxConfig } from "../../boot/index.ts";
import { LandfallError } from "../../spec/error.ts";
import type { Invocation } from "../main.ts";
import { siteNamed } from "../project.ts";

/** Prints an nginx.conf that serves a site's assets where its file says that nginx does. */
export async function bootNginxCommand(
  { workspace }: Invocation,
  name: string,
  { state }: { readonly state: string },
): Promise<undefined> {
  const { site, file } = siteNamed(workspace, name);
  const { assetsUrl, assets } = site.boot;
  if (assetsUrl === undefined) {
    throw new LandfallError("no-assets-url", `the site ${name} has its assets from the boot service`, {
      expected: "boot.assetsUrl, the address where nginx is to serve them",
      next: `add it to ${file}, as assetsUrl: http://10.20.0.5:8090`,
    });
  }
  const { hostname, port } = new URL(assetsUrl);
  const listen = `${hostname}:${port || 80}`;
  process.stdout.write(nginxConfig({ listen, folder: resolve(dirname(file), assets), state }));
}
