import { createPrivateKey, createPublicKey, X509Certificate } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import type { CertificateRequest } from "../plan/index.ts";
import { fresh, issueAuthority, issueCertificate } from "./certificate.ts";

const now = new Date("2026-01-02T03:04:05Z");
const authority = issueAuthority({ authority: "kubernetes", cluster: "lab-v1", now });
const request: CertificateRequest = {
  id: "machines/m1/apiserver",
  machine: "m1",
  authority: "kubernetes",
  commonName: "kube-apiserver",
  organizations: ["one", "two"],
  dnsNames: ["m1", "kubernetes.default.svc"],
  addresses: ["10.77.0.11", "fd00::11"],
  usages: ["server"],
  target: "/etc/kubernetes/pki/apiserver",
};
const serverAuth = "1.3.6.1.5.5.7.3.1";
const clientAuth = "1.3.6.1.5.5.7.3.2";

function issue(more: Partial<CertificateRequest> = {}) {
  return issueCertificate({ request: { ...request, ...more }, authority, now });
}

test("an authority lasts ten years, signs itself, and names its cluster", () => {
  const x509 = new X509Certificate(authority.certificate);
  expect(x509.subject).toBe("CN=lab-v1 kubernetes CA");
  expect(x509.ca).toBe(true);
  expect(x509.verify(x509.publicKey)).toBe(true);
  expect(new Date(x509.validFrom)).toEqual(new Date("2026-01-02T02:59:05Z"));
  expect(new Date(x509.validTo)).toEqual(new Date("2035-12-31T03:04:05Z"));
});

test("a leaf says what was asked for, from five minutes ago for a year", () => {
  const { certificate, key } = issue();
  const x509 = new X509Certificate(certificate);
  expect(x509.subject).toBe("O=one\nO=two\nCN=kube-apiserver");
  expect(x509.subjectAltName).toBe(
    "DNS:m1, DNS:kubernetes.default.svc, IP Address:10.77.0.11, IP Address:FD00:0:0:0:0:0:0:11",
  );
  expect(x509.ca).toBe(false);
  expect(new Date(x509.validFrom)).toEqual(new Date("2026-01-02T02:59:05Z"));
  expect(new Date(x509.validTo)).toEqual(new Date("2027-01-02T03:04:05Z"));
  expect(x509.checkPrivateKey(createPrivateKey(key))).toBe(true);
  expect(x509.publicKey.asymmetricKeyDetails).toMatchObject({ namedCurve: "prime256v1" });
});

test("a leaf is its own authority's and no other's", () => {
  const other = new X509Certificate(
    issueAuthority({ authority: "etcd", cluster: "lab-v1", now }).certificate,
  );
  const own = new X509Certificate(authority.certificate);
  const leaf = new X509Certificate(issue().certificate);
  expect([leaf.checkIssued(own), leaf.verify(own.publicKey)]).toEqual([true, true]);
  expect([leaf.checkIssued(other), leaf.verify(other.publicKey)]).toEqual([false, false]);
});

test.each([
  [["server"], [serverAuth]],
  [["client"], [clientAuth]],
  [
    ["server", "client"],
    [serverAuth, clientAuth],
  ],
] as const)("usages %j", (usages, expected) => {
  expect(new X509Certificate(issue({ usages }).certificate).keyUsage).toEqual(expected);
});

test("a leaf without names has none", () => {
  const { certificate } = issue({ dnsNames: [], addresses: [] });
  expect(new X509Certificate(certificate).subjectAltName).toBeUndefined();
});

test("a leaf never outlives its authority, and a dead authority signs nothing", () => {
  const ninthYear = new Date("2035-06-01T00:00:00Z");
  const late = issueCertificate({ request, authority, now: ninthYear });
  expect(new Date(new X509Certificate(late.certificate).validTo)).toEqual(new Date("2035-12-31T03:04:05Z"));
  const after = new Date("2036-06-01T00:00:00Z");
  expect(() => issueCertificate({ request, authority, now: after })).toThrow(/ended on 2035-12-31/);
});

test("what is signed is a function of request, authority, key, serial number and time", () => {
  const { key } = fresh();
  const entropy = { key, serial: Buffer.alloc(16, 0xff) };
  const twice = [0, 1].map(() => issueCertificate({ request, authority, now, entropy }));
  // The signature is random, as ECDSA has it; what it signs is not.
  const signed = twice.map(({ certificate }) => {
    const tbs = new X509Certificate(certificate).raw.subarray(4);
    return tbs.subarray(0, 4 + tbs.readUInt16BE(2)).toString("hex");
  });
  expect(signed[0]).toBe(signed[1]);
  expect(createPublicKey(twice[0]?.certificate ?? "").equals(createPublicKey(key))).toBe(true);
});

test("a serial number is positive and 16 bytes long, whatever the random bytes", () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 16 }), (bytes) => {
      const entropy = { key: createPrivateKey(authority.key), serial: Buffer.from(bytes) };
      const { certificate } = issueCertificate({ request, authority, now, entropy });
      expect(new X509Certificate(certificate).serialNumber).toMatch(/^[4-7][0-9A-F]{31}$/);
    }),
    { numRuns: 50 },
  );
});
