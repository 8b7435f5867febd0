// Every kind of certificate of a plan, before OpenSSL's and Go's own verifiers.
import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Authority, CertificateRequest } from "../plan/index.ts";
import { examplePlan } from "./example-plan.ts";
import { type Credential, issueAuthority, issueCertificate } from "./index.ts";

const now = new Date();
const names: readonly Authority[] = ["kubernetes", "etcd", "front-proxy"];
const authorities = new Map<Authority, Credential>(
  names.map((authority) => [authority, issueAuthority({ authority, cluster: "lab-v1", now })]),
);
// One master and one worker have every kind that there is.
const requests = examplePlan(1, 1).certificates;
const issued = requests.map((request) => ({ request, ...issue(request) }));

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), "landfall-verify-"));
});
afterAll(() => rmSync(dir, { recursive: true }));

function issue(request: CertificateRequest): Credential {
  return issueCertificate({ request, authority: authorityOf(request.authority), now });
}

function authorityOf(name: Authority): Credential {
  return authorities.get(name) as Credential;
}

function other(name: Authority): Authority {
  return name === "etcd" ? "kubernetes" : "etcd";
}

describe("OpenSSL, strict", () => {
  function verify(authority: Credential, certificate: string, ...options: string[]): string {
    const [ca, leaf] = [join(dir, "ca.pem"), join(dir, "leaf.pem")];
    writeFileSync(ca, authority.certificate);
    writeFileSync(leaf, certificate);
    const asked = ["verify", "-x509_strict", "-check_ss_sig", "-CAfile", ca, ...options, leaf];
    const { stdout, stderr } = spawnSync("openssl", asked, { encoding: "utf8" });
    return stdout.endsWith("OK\n") ? "accepted" : stderr;
  }

  test.each(names)("accepts the %s authority", (name) => {
    expect(verify(authorityOf(name), authorityOf(name).certificate)).toBe("accepted");
  });

  test.each(issued)(
    "judges $request.id by authority, purpose, names and time",
    ({ request, certificate }) => {
      const authority = authorityOf(request.authority);
      for (const purpose of ["server", "client"] as const) {
        const said = verify(authority, certificate, "-purpose", `ssl${purpose}`);
        if (request.usages.includes(purpose)) expect(said, purpose).toBe("accepted");
        else expect(said, purpose).toContain("unsuitable certificate purpose");
      }
      for (const name of request.dnsNames)
        expect(verify(authority, certificate, "-verify_hostname", name)).toBe("accepted");
      for (const address of request.addresses)
        expect(verify(authority, certificate, "-verify_ip", address)).toBe("accepted");
      expect(verify(authority, certificate, "-verify_ip", "192.0.2.1")).toMatch(/IP address mismatch/);
      expect(verify(authorityOf(other(request.authority)), certificate)).toMatch(
        /unable to get local issuer/,
      );
      const inTwoYears = String(Math.floor(now.getTime() / 1000) + 2 * 365 * 86400);
      expect(verify(authority, certificate, "-attime", inTwoYears)).toMatch(/certificate has expired/);
      const fourMinutesAgo = String(Math.floor(now.getTime() / 1000) - 240);
      expect(verify(authority, certificate, "-attime", fourMinutesAgo)).toBe("accepted");
    },
  );
});

test("Go, as the cluster's components use it, judges each the same", () => {
  const go = join(dir, "go");
  const source = fileURLToPath(new URL("testdata/verify.go", import.meta.url));
  execFileSync("mkdir", ["-p", go]);
  copyFileSync(source, join(go, "main.go"));
  writeFileSync(join(go, "go.mod"), "module verify\n\ngo 1.21\n");
  const cases = issued.flatMap(({ request, certificate, key }) => {
    const base = {
      Authority: authorityOf(request.authority).certificate,
      Certificate: certificate,
      Key: key,
      Name: "",
      Usage: request.usages[0],
      Time: now,
    };
    const of = (expected: RegExp, more: object) => ({
      id: request.id,
      expected,
      input: { ...base, ...more },
    });
    const has = (usage: "client" | "server") => request.usages.includes(usage);
    return [
      ...(["server", "client"] as const).map((usage) =>
        of(has(usage) ? /^accepted$/ : /incompatible key usage/, { Usage: usage }),
      ),
      ...[...request.dnsNames, ...request.addresses].map((name) => of(/^accepted$/, { Name: name })),
      of(/not 192\.0\.2\.1|doesn't contain any IP SANs/, {
        Name: "192.0.2.1",
      }),
      of(/unknown authority/, { Authority: authorityOf(other(request.authority)).certificate }),
      of(/has expired or is not yet valid/, { Time: new Date(now.getTime() + 2 * 365 * 86_400_000) }),
      of(/private key does not match/, { Key: authorityOf("etcd").key }),
    ];
  });
  const environment = { ...process.env, GOTOOLCHAIN: "local", CGO_ENABLED: "0", GOFLAGS: "-mod=mod" };
  const output = execFileSync("go", ["run", "."], {
    cwd: go,
    env: environment,
    input: JSON.stringify(cases.map(({ input }) => input)),
    encoding: "utf8",
  });
  const said = JSON.parse(output) as string[];
  expect(said).toHaveLength(cases.length);
  cases.forEach(({ id, expected, input }, index) => {
    expect(said[index], `${id} as ${input.Usage} at ${JSON.stringify(input.Name)}`).toMatch(expected);
  });
});
