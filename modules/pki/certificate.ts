// X.509 from a request: node:crypto makes keys and signs, node-forge encodes. Forge knows RSA only, so a
// placeholder key goes through its encoder, and the real public key and signature are put in afterwards.
import type { KeyObject } from "node:crypto";
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
  X509Certificate,
} from "node:crypto";
import forge from "node-forge";
import type { Authority, CertificateRequest } from "../plan/index.ts";

/** A certificate and the private key that belongs to it, both PEM (the key PKCS#8). */
export interface Credential {
  readonly certificate: string;
  readonly key: string;
}

/** What differs between two issues of the same request. The defaults of `fresh()` are random. */
export interface Entropy {
  /** P-256. */
  readonly key: KeyObject;
  /** 16 bytes; the two top bits are overwritten to keep the number positive and its length fixed. */
  readonly serial: Buffer;
}

export const day = 24 * 60 * 60 * 1000;
/** Machines' clocks may be behind the deployer's: certificates are valid from five minutes ago. */
export const backdate = 5 * 60 * 1000;
/** Changes whenever the same request would be encoded differently, so that leaves are issued again. */
export const profile = 1;

const ecdsaWithSha256 = "1.2.840.10045.4.3.2";
const subjectKeyIdentifier = "2.5.29.14";
const placeholder = forge.pki.setRsaPublicKey(
  new forge.jsbn.BigInteger("3", 10),
  new forge.jsbn.BigInteger("3", 10),
);

/** A new P-256 key and a new serial number. */
export function fresh(): Entropy {
  return {
    key: generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey,
    serial: randomBytes(16),
  };
}

export interface AuthorityOptions {
  readonly authority: Authority;
  /** Cluster id; part of the authority's name, so that people can tell clusters apart. */
  readonly cluster: string;
  readonly now: Date;
  /** Milliseconds. Default: 10 years. */
  readonly lifetime?: number;
  readonly entropy?: Entropy;
}

/** Makes a self-signed authority that may sign leaves only (path length 0). */
export function issueAuthority(options: AuthorityOptions): Credential {
  const { now, lifetime = 3650 * day, entropy = fresh() } = options;
  const spki = publicKeyOf(entropy.key);
  return encode({
    subject: [field("CN", `${options.cluster} ${options.authority} CA`)],
    issuer: undefined,
    notBefore: new Date(now.getTime() - backdate),
    notAfter: new Date(now.getTime() + lifetime),
    extensions: [
      { name: "basicConstraints", critical: true, cA: true, pathLenConstraint: 0 },
      { name: "keyUsage", critical: true, keyCertSign: true, cRLSign: true },
    ],
    spki,
    issuerSpki: spki,
    signer: entropy.key,
    entropy,
  });
}

export interface CertificateOptions {
  readonly request: CertificateRequest;
  /** The authority named in the request. */
  readonly authority: Credential;
  readonly now: Date;
  /** Milliseconds. Default: 1 year. Never beyond the authority's own end. */
  readonly lifetime?: number;
  readonly entropy?: Entropy;
}

/** Issues one leaf. Throws if the authority is past its end. */
export function issueCertificate(options: CertificateOptions): Credential {
  const { request, authority, now, lifetime = 365 * day, entropy = fresh() } = options;
  const ca = new X509Certificate(authority.certificate);
  const signer = createPrivateKey(authority.key);
  const notAfter = new Date(Math.min(now.getTime() + lifetime, Date.parse(ca.validTo)));
  if (notAfter <= now)
    throw new RangeError(`the ${request.authority} authority ended on ${notAfter.toISOString()}`);
  const names = [
    ...request.dnsNames.map((value) => ({ type: 2, value })),
    ...request.addresses.map((ip) => ({ type: 7, ip })),
  ];
  return encode({
    subject: [
      ...request.organizations.map((organization) => field("O", organization)),
      field("CN", request.commonName),
    ],
    issuer: subjectOf(ca),
    notBefore: new Date(now.getTime() - backdate),
    notAfter,
    extensions: [
      { name: "basicConstraints", critical: true, cA: false },
      { name: "keyUsage", critical: true, digitalSignature: true },
      {
        name: "extKeyUsage",
        serverAuth: request.usages.includes("server"),
        clientAuth: request.usages.includes("client"),
      },
      ...(names.length > 0 ? [{ name: "subjectAltName", altNames: names }] : []),
    ],
    spki: publicKeyOf(entropy.key),
    issuerSpki: publicKeyOf(signer),
    signer,
    entropy,
  });
}

interface Encoding {
  readonly subject: forge.pki.CertificateField[];
  /** Undefined: the subject itself. */
  readonly issuer: forge.asn1.Asn1 | undefined;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly extensions: readonly object[];
  readonly spki: Buffer;
  readonly issuerSpki: Buffer;
  readonly signer: KeyObject;
  readonly entropy: Entropy;
}

function encode(encoding: Encoding): Credential {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = placeholder;
  certificate.serialNumber = serialNumber(encoding.entropy.serial);
  certificate.validity.notBefore = encoding.notBefore;
  certificate.validity.notAfter = encoding.notAfter;
  certificate.setSubject(encoding.subject);
  certificate.setExtensions([
    ...encoding.extensions,
    // Both given as ready values: forge would compute them from the placeholder.
    { id: subjectKeyIdentifier, value: octetString(keyIdentifier(encoding.spki)) },
    { name: "authorityKeyIdentifier", keyIdentifier: keyIdentifier(encoding.issuerSpki) },
  ]);
  certificate.siginfo.algorithmOid = ecdsaWithSha256;
  certificate.signatureOid = ecdsaWithSha256;
  certificate.signature = "";
  const tbs = children(forge.pki.certificateToAsn1(certificate))[0] as forge.asn1.Asn1;
  const parts = children(tbs);
  parts[2] = sequence([oid(ecdsaWithSha256)]);
  parts[3] = encoding.issuer ?? (parts[5] as forge.asn1.Asn1);
  parts[6] = forge.asn1.fromDer(encoding.spki.toString("latin1"));
  const signature = sign("sha256", derOf(tbs), encoding.signer).toString("latin1");
  const signed = sequence([
    tbs,
    sequence([oid(ecdsaWithSha256)]),
    primitive(forge.asn1.Type.BITSTRING, `\0${signature}`),
  ]);
  return {
    certificate: pemOf(derOf(signed)),
    key: encoding.entropy.key.export({ type: "pkcs8", format: "pem" }) as string,
  };
}

/** The subject's own bytes: verifiers compare names byte by byte. */
function subjectOf(certificate: X509Certificate): forge.asn1.Asn1 {
  const tbs = children(forge.asn1.fromDer(certificate.raw.toString("latin1")))[0] as forge.asn1.Asn1;
  return children(tbs)[5] as forge.asn1.Asn1;
}

function field(shortName: string, value: string): forge.pki.CertificateField {
  return { shortName, value, valueTagClass: forge.asn1.Type.UTF8 as unknown as forge.asn1.Class };
}

function serialNumber(serial: Buffer): string {
  const bytes = Buffer.from(serial);
  bytes[0] = ((bytes[0] as number) & 0x3f) | 0x40;
  return bytes.toString("hex");
}

function publicKeyOf(key: KeyObject): Buffer {
  return createPublicKey(key).export({ type: "spki", format: "der" });
}

/** RFC 7093, method 1: the first 160 bits of the SHA-256 of the public point, which ends a P-256 SPKI. */
function keyIdentifier(spki: Buffer): string {
  return createHash("sha256").update(spki.subarray(-65)).digest().subarray(0, 20).toString("latin1");
}

function sequence(value: forge.asn1.Asn1[]): forge.asn1.Asn1 {
  return forge.asn1.create(forge.asn1.Class.UNIVERSAL, forge.asn1.Type.SEQUENCE, true, value);
}

function primitive(type: forge.asn1.Type, value: string): forge.asn1.Asn1 {
  return forge.asn1.create(forge.asn1.Class.UNIVERSAL, type, false, value);
}

function oid(dotted: string): forge.asn1.Asn1 {
  return primitive(forge.asn1.Type.OID, forge.asn1.oidToDer(dotted).getBytes());
}

function octetString(value: string): string {
  return derOf(primitive(forge.asn1.Type.OCTETSTRING, value)).toString("latin1");
}

function children(node: forge.asn1.Asn1): forge.asn1.Asn1[] {
  return node.value as forge.asn1.Asn1[];
}

function derOf(node: forge.asn1.Asn1): Buffer {
  return Buffer.from(forge.asn1.toDer(node).getBytes(), "latin1");
}

function pemOf(der: Buffer): string {
  const lines = der.toString("base64").match(/.{1,64}/g) as string[];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}
