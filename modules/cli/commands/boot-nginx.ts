import { dirname, isAbsolute, resolve } from "node:path";
import { nginxConfig } from "../../boot/index.ts";
import { LandfallError } from "../../spec/error.ts";
import type { Invocation } from "../main.ts";
import { siteNamed } from "../project.ts";

/** Prints an nginx.conf that serves a site's assets where its file says that nginx does. */
export async function bootNginxCommand(
  { workspace }: Invocation,
  name: string,
  { state, service }: { readonly state: string; readonly service?: string },
): Promise<undefined> {
  if (!isAbsolute(state)) {
    throw new LandfallError("usage", "--state is no absolute path", {
      found: state,
      expected: "as /run/landfall-nginx",
    });
  }
  if (service !== undefined && !/^(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):\d{1,5}$/.test(service)) {
    throw new LandfallError("usage", "--service is no address", {
      found: service,
      expected: "as 127.0.0.1:8080",
    });
  }
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
  process.stdout.write(
    nginxConfig({
      listen,
      folder: resolve(dirname(file), assets),
      state,
      ...(service !== undefined && { service }),
    }),
  );
}
