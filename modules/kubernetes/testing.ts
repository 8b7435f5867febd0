// A control plane of a test's own: throw-away certificates, the flags of etcd and kube-apiserver, ports. For tests alone.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { type Api, type ApiOptions, openApi } from "./api.ts";

/** Ports of 127.0.0.1 that nobody uses. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer();
      await new Promise<void>((resolve, reject) =>
        server.once("error", reject).listen(0, "127.0.0.1", resolve),
      );
      return server;
    }),
  );
  const ports = servers.map((server) => (server.address() as { port: number }).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

export interface TestPki {
  readonly directory: string;
  /** Of the apiserver, beside 127.0.0.1. */
  readonly address: string;
  /** Other clients than `admin`: their subjects, by name. */
  readonly clients?: Readonly<Record<string, string>>;
}

/** NAME.crt and NAME.key in the directory: `ca`, `stranger` (another authority), `server`, `admin`, and the clients. */
export function makeCertificates({ directory, address, clients = {} }: TestPki): void {
  const openssl = (...parameters: string[]) =>
    execFileSync("openssl", parameters, { cwd: directory, stdio: "pipe" });
  const key = (name: string) => [
    ...["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", `${name}.key`],
  ];
  for (const name of ["ca", "stranger"])
    openssl("req", "-x509", ...key(name), "-out", `${name}.crt`, "-subj", "/CN=test", "-days", "1");
  const leaf = (name: string, subject: string, extensions: string) => {
    writeFileSync(join(directory, `${name}.ext`), extensions);
    openssl("req", "-new", ...key(name), "-out", `${name}.csr`, "-subj", subject);
    openssl(
      ...["x509", "-req", "-in", `${name}.csr`, "-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial"],
      ...["-days", "1", "-out", `${name}.crt`, "-extfile", `${name}.ext`],
    );
  };
  leaf("server", "/CN=kube-apiserver", `subjectAltName=IP:${address},IP:127.0.0.1`);
  for (const [name, subject] of Object.entries({ admin: "/O=system:masters/CN=admin", ...clients }))
    leaf(name, subject, "extendedKeyUsage=clientAuth");
}

/** The API as its administrator. */
export function adminApi(directory: string, servers: readonly string[], more: Partial<ApiOptions> = {}): Api {
  const pem = (name: string) => readFileSync(join(directory, name), "utf8");
  return openApi({ servers, ca: pem("ca.crt"), cert: pem("admin.crt"), key: pem("admin.key"), ...more });
}

/** Of the administrator, without contents: it names the files. */
export function adminKubeconfig(directory: string, server: string): string {
  const file = (name: string) => join(directory, name);
  return JSON.stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "c", cluster: { server, "certificate-authority": file("ca.crt") } }],
    users: [
      { name: "u", user: { "client-certificate": file("admin.crt"), "client-key": file("admin.key") } },
    ],
    contexts: [{ name: "c", context: { cluster: "c", user: "u" } }],
    "current-context": "c",
  });
}

/** Of an etcd whose data are not kept. */
export function etcdFlags(directory: string, [client = 0, peer = 0]: readonly number[]): string[] {
  return [
    `--data-dir=${join(directory, "etcd")}`,
    `--listen-client-urls=http://127.0.0.1:${client}`,
    `--advertise-client-urls=http://127.0.0.1:${client}`,
    `--listen-peer-urls=http://127.0.0.1:${peer}`,
    "--log-level=error",
    "--unsafe-no-fsync",
  ];
}

export interface ApiServerOptions {
  readonly directory: string;
  readonly address: string;
  readonly port: number;
  readonly etcdPort: number;
  /** Range of Services' addresses. */
  readonly services?: string;
}

export function apiServerFlags(options: ApiServerOptions): string[] {
  const { directory, address, port, etcdPort, services = "10.43.0.0/16" } = options;
  const file = (name: string) => join(directory, name);
  return [
    `--etcd-servers=http://127.0.0.1:${etcdPort}`,
    `--bind-address=${address}`,
    `--advertise-address=${address}`,
    `--secure-port=${port}`,
    `--tls-cert-file=${file("server.crt")}`,
    `--tls-private-key-file=${file("server.key")}`,
    `--client-ca-file=${file("ca.crt")}`,
    `--service-cluster-ip-range=${services}`,
    "--service-account-issuer=https://kubernetes.default.svc",
    `--service-account-key-file=${file("server.crt")}`,
    `--service-account-signing-key-file=${file("server.key")}`,
    "--authorization-mode=Node,RBAC",
    "--enable-admission-plugins=NodeRestriction",
    "--endpoint-reconciler-type=none",
  ];
}
