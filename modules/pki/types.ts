// What the rest may see of a cluster's PKI.
import type { Authority, MachinePlan, Plan } from "../plan/index.ts";

/** What certificates are issued and delivered by. */
export interface PkiPlan extends Pick<Plan, "cluster" | "certificates"> {
  readonly machines: readonly Pick<MachinePlan, "name" | "role">[];
}

/** Fingerprints and public halves only: this is what synthesis and Terraform's state may hold. */
export interface PublicPki {
  /** 16 hex digits: the beginning of the SHA-256 of the kubernetes authority's certificate (DER). */
  readonly generation: string;
  readonly authorities: Readonly<Record<Authority, { readonly pem: string; readonly fingerprint: string }>>;
  /** By request id. `fingerprint` is the SHA-256 of the certificate (DER), 64 hex digits; `notAfter` is ISO 8601. */
  readonly certificates: Readonly<
    Record<string, { readonly fingerprint: string; readonly notAfter: string }>
  >;
  /** By machine name: the fingerprint of everything that is delivered to it, 64 hex digits. */
  readonly machines: Readonly<Record<string, string>>;
  /** Line for authorized_keys, of the deployer's key for deliveries. */
  readonly deliveryKey: string;
}

/** One file of a delivery. */
export interface DeliveredFile {
  /** Absolute, on the machine. */
  readonly path: string;
  readonly mode: number;
  readonly contents: Buffer;
}
