// A certificate and its key as one entry of the store, so that no crash can part them.
import { createHash, createPrivateKey, X509Certificate } from "node:crypto";
import type { CertificateRequest } from "../plan/index.ts";
import type { Credential } from "./certificate.ts";
import { profile } from "./certificate.ts";

/** Text of an entry. `request` is left out for authorities. */
export function entryOf(credential: Credential, request?: CertificateRequest): string {
  const head = request === undefined ? "" : `landfall-request: ${requestDigest(request)}\n`;
  return head + credential.certificate + credential.key;
}

export interface Entry extends Credential {
  readonly x509: X509Certificate;
  /** Of the request that it was issued for. */
  readonly digest: string | undefined;
}

/** Reads an entry; undefined if it is damaged or its key is another's. */
export function parseEntry(text: string): Entry | undefined {
  const certificate = block(text, "CERTIFICATE");
  const key = block(text, "PRIVATE KEY");
  if (certificate === undefined || key === undefined) return undefined;
  try {
    const x509 = new X509Certificate(certificate);
    if (!x509.checkPrivateKey(createPrivateKey(key))) return undefined;
    return { certificate, key, x509, digest: /^landfall-request: ([0-9a-f]{64})$/m.exec(text)?.[1] };
  } catch {
    return undefined;
  }
}

/** 64 hex digits over everything of a request that ends up in its certificate. */
export function requestDigest(request: CertificateRequest): string {
  const { authority, commonName, organizations, dnsNames, addresses, usages } = request;
  const said = [profile, authority, commonName, organizations, dnsNames, addresses, usages];
  return createHash("sha256").update(JSON.stringify(said)).digest("hex");
}

function block(text: string, label: string): string | undefined {
  return new RegExp(`-----BEGIN ${label}-----\n[^-]+-----END ${label}-----\n`).exec(text)?.[0];
}
