// Mutual TLS between Terraform and the lab's Matchbox: an authority of the lab's own, P-256, gone with the lab.
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { run } from "./command.ts";
import type { LabPlan } from "./config.ts";

export interface ServerTls {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** Makes what is missing: CA and client PEMs at the site's `boot.tls` paths, the server's in `folder`. */
export async function createTls(plan: LabPlan, folder: string): Promise<ServerTls> {
  const server = { ca: plan.tls.ca, cert: join(folder, "server.crt"), key: join(folder, "server.key") };
  const all = [...Object.values(plan.tls), server.cert, server.key];
  if (all.every((path) => existsSync(path))) return server;
  for (const path of all) mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const caKey = join(folder, "ca.key");
  // openssl makes key files 0600 from the first byte.
  const request = [
    "openssl",
    "req",
    "-new",
    "-newkey",
    "ec",
    "-pkeyopt",
    "ec_paramgen_curve:P-256",
    "-nodes",
    "-batch",
    "-sha256",
  ];
  await run([
    ...request,
    "-x509",
    "-days",
    "3650",
    "-subj",
    `/CN=landfall lab ${plan.site}`,
    "-keyout",
    caKey,
    "-out",
    plan.tls.ca,
  ]);
  await Promise.all([
    leaf("server", server, [
      `subjectAltName=IP:127.0.0.1,DNS:localhost,IP:${plan.gateway}`,
      "extendedKeyUsage=serverAuth",
    ]),
    leaf("client", plan.tls, ["extendedKeyUsage=clientAuth"]),
  ]);
  rmSync(caKey); // signs nothing more
  return server;

  async function leaf(
    name: string,
    files: { cert: string; key: string },
    extensions: string[],
  ): Promise<void> {
    const csr = join(folder, `${name}.csr`);
    const extra = join(folder, `${name}.ext`);
    writeFileSync(extra, `${extensions.join("\n")}\nkeyUsage=critical,digitalSignature\n`);
    await run([...request, "-subj", `/CN=landfall lab ${name}`, "-keyout", files.key, "-out", csr]);
    await run([
      "openssl",
      "x509",
      "-req",
      "-sha256",
      "-days",
      "3650",
      "-in",
      csr,
      "-CA",
      plan.tls.ca,
      "-CAkey",
      caKey,
      "-extfile",
      extra,
      "-out",
      files.cert,
    ]);
    rmSync(csr);
    rmSync(extra);
  }
}
