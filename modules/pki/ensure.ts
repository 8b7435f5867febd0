// From a plan's requests to a store that holds a good certificate for each.

import type { CertificateRequest } from "../plan/index.ts";
import { LandfallError } from "../spec/index.ts";
import { issueCertificate } from "./certificate.ts";
import { filesOf } from "./deliverables.ts";
import type { Entry } from "./entry.ts";
import { entryOf, parseEntry, requestDigest } from "./entry.ts";
import { filesFingerprint, sha256 } from "./fingerprint.ts";
import type { Roots } from "./roots.ts";
import { authorities, makeRoots, missingRoots, readRoots } from "./roots.ts";
import type { Store, StoreFs } from "./store.ts";
import { openStore } from "./store.ts";
import type { PkiPlan, PublicPki } from "./types.ts";

/** Why a certificate is issued. */
export type Reason = "missing" | "changed" | "damaged" | "other authority" | "near its end";

export interface EnsureOptions {
  /** Told of each leaf that is issued, after it is in the store. */
  readonly onIssued?: (id: string, reason: Reason) => void;
  /** Default: the real file system. */
  readonly fs?: StoreFs;
}

/**
 * Issues what `plan` asks for and `storeDir` lacks, and says what may be known of the whole. A leaf is issued anew
 * when its request changed, when it is damaged, or when less than a third of its life is left; everything
 * else stays as it is, and a store that lacks nothing is only read. Safe against a second one at the same time,
 * and against being killed at any point.
 */
export function ensurePki(
  plan: PkiPlan,
  storeDir: string,
  now: Date,
  options: EnsureOptions = {},
): PublicPki {
  const store = openStore(storeDir, options.fs);
  const found = survey(plan, store, now);
  if (found !== undefined && found.wanted.size === 0) return describe(plan, found.roots, found.good);
  return store.locked(() => {
    if (readRoots(store) === undefined) {
      refuseIfLost(plan, store);
      makeRoots(store, plan.cluster, now);
    }
    const { roots, good, wanted } = survey(plan, store, now) as Survey;
    for (const [request, reason] of wanted) {
      good.set(request.id, issue(store, roots, request, now));
      options.onIssued?.(request.id, reason);
    }
    return describe(plan, roots, good);
  });
}

/** The entry's name of a request. */
export function leafName(id: string): string {
  return `leaves/${id}.pem`;
}

interface Survey {
  readonly roots: Roots;
  /** By request id. */
  readonly good: Map<string, Entry>;
  readonly wanted: ReadonlyMap<CertificateRequest, Reason>;
}

function survey(plan: PkiPlan, store: Store, now: Date): Survey | undefined {
  const roots = readRoots(store);
  if (roots === undefined) return undefined;
  const good = new Map<string, Entry>();
  const wanted = new Map<CertificateRequest, Reason>();
  for (const request of plan.certificates) {
    const text = store.read(leafName(request.id));
    const entry = text === undefined ? undefined : parseEntry(text);
    if (text === undefined) wanted.set(request, "missing");
    else if (entry === undefined) wanted.set(request, "damaged");
    else {
      const reason = whyAnew(entry, request, roots.authorities[request.authority], now);
      if (reason === undefined) good.set(request.id, entry);
      else wanted.set(request, reason);
    }
  }
  return { roots, good, wanted };
}

function whyAnew(entry: Entry, request: CertificateRequest, authority: Entry, now: Date): Reason | undefined {
  if (entry.digest !== requestDigest(request)) return "changed";
  if (!entry.x509.checkIssued(authority.x509)) return "other authority";
  const from = Date.parse(entry.x509.validFrom);
  const to = Date.parse(entry.x509.validTo);
  const due = to - now.getTime() < (to - from) / 3;
  // Near the authority's own end a new leaf would not last any longer.
  if (due && to < Date.parse(authority.x509.validTo)) return "near its end";
  return undefined;
}

function issue(store: Store, roots: Roots, request: CertificateRequest, now: Date): Entry {
  const text = entryOf(
    issueCertificate({ request, authority: roots.authorities[request.authority], now }),
    request,
  );
  store.write(leafName(request.id), text);
  return parseEntry(text) as Entry;
}

/** Roots are made before the first leaf: leaves without them mean a loss, and new roots would seal it. */
function refuseIfLost(plan: PkiPlan, store: Store): void {
  if (!plan.certificates.some((request) => store.read(leafName(request.id)) !== undefined)) return;
  throw new LandfallError(
    "store-incomplete",
    `the PKI store ${store.dir} has lost ${missingRoots(store).join(", ")}`,
    {
      found: "certificates, but not all of what they were issued from",
      expected: "the whole store of this cluster",
      next: "put the store back from a backup; without one, land a new version of the cluster",
    },
  );
}

function describe(plan: PkiPlan, roots: Roots, leaves: ReadonlyMap<string, Entry>): PublicPki {
  const fingerprints = authorities.map((authority) => {
    const { certificate, x509 } = roots.authorities[authority];
    return [authority, { pem: certificate, fingerprint: sha256(x509.raw) }] as const;
  });
  return {
    generation: generationOf(roots.authorities.kubernetes),
    authorities: Object.fromEntries(fingerprints) as PublicPki["authorities"],
    certificates: Object.fromEntries(
      [...plan.certificates].map(({ id }) => {
        const { x509 } = leaves.get(id) as Entry;
        return [id, { fingerprint: sha256(x509.raw), notAfter: new Date(x509.validTo).toISOString() }];
      }),
    ),
    machines: machineFingerprints(plan, roots, leaves),
    deliveryKey: roots.delivery.public,
  };
}

function machineFingerprints(
  plan: PkiPlan,
  roots: Roots,
  leaves: ReadonlyMap<string, Entry>,
): Record<string, string> {
  const requests = Map.groupBy(plan.certificates, (request) => request.machine);
  return Object.fromEntries(
    plan.machines.map((machine) => {
      const files = filesOf(
        machine,
        roots,
        requests.get(machine.name) ?? [],
        (id) => leaves.get(id) as Entry,
      );
      return [machine.name, filesFingerprint(files)];
    }),
  );
}

/** 16 hex digits that no other landing of the same cluster version has. */
export function generationOf(kubernetes: Entry): string {
  return sha256(kubernetes.x509.raw).slice(0, 16);
}
