import { getJson } from "../../kubernetes/index.ts";
import { type Condition, everyOne } from "../condition.ts";

/** Whoever leads renews every second or two; this is longer than any election. */
const freshSeconds = 15;

export interface Lease {
  readonly metadata?: { readonly name?: string };
  readonly spec?: {
    readonly holderIdentity?: string;
    readonly renewTime?: string;
    readonly leaseDurationSeconds?: number;
  };
}

export const controlPlane: Condition = {
  name: "control-plane",
  after: "apiservers",
  describe: `a controller-manager and a scheduler lead, and renewed their leases in the last ${freshSeconds} s`,
  next: "Look at the logs of kube-controller-manager and kube-scheduler on the masters, and at the masters' clocks.",
  async check({ api }, signal) {
    const found = await Promise.all(
      ["kube-controller-manager", "kube-scheduler"].map(async (name) => {
        const path = `/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/${name}`;
        const { value, date } = await getJson<Lease>(api, path, { signal });
        const age = leaseAge(value, date);
        const holder = value.spec?.holderIdentity?.replace(/_.*$/, "") || "nobody";
        const what = problemOf(age, holder);
        return { seen: `${name} on ${holder}`, problems: what === undefined ? [] : [{ who: name, what }] };
      }),
    );
    return everyOne(
      found.flatMap(({ problems }) => problems),
      found.map(({ seen }) => seen).join(", "),
    );
  },
};

function problemOf(age: number | undefined, holder: string): string | undefined {
  if (age === undefined) return "its lease was never renewed";
  if (age > freshSeconds) return `${holder} renewed ${Math.round(age)} s ago`;
  if (age < -freshSeconds) return `the clock of ${holder} is ${Math.round(-age)} s ahead of the API's`;
  return undefined;
}

/** Seconds since the lease was renewed, by the server's clock; undefined if it never was, or the server gave no time. */
export function leaseAge(lease: Lease, serverTime: Date | undefined): number | undefined {
  const renewed = Date.parse(lease.spec?.renewTime ?? "");
  if (Number.isNaN(renewed) || serverTime === undefined) return undefined;
  return (serverTime.getTime() - renewed) / 1000;
}
