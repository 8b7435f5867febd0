// Rules of `replacement.traffic`.
import { formatAddress, parseAddress } from "../cidr.ts";
import { sharesOf } from "../traffic-shares.ts";
import { exactlyOne } from "./exactly-one.ts";
import { isDnsName, likelyDnsName } from "./names.ts";
import { checkPlaceholders } from "./placeholders.ts";
import { reportRepeats } from "./repeats.ts";
import type { ClusterFile, Report } from "./types.ts";

const path = ["replacement", "traffic"];

type Written = NonNullable<NonNullable<ClusterFile["partial"]["replacement"]>["traffic"]>;
type WrittenAddress = Extract<Written, { driver?: "address" | undefined }>;
type WrittenDns = Extract<Written, { driver?: "dns" | undefined }>;

export function checkTraffic(file: ClusterFile, report: Report): void {
  const traffic = file.partial.replacement?.traffic;
  checkPlaceholders(file, [...path, "ready"], traffic?.ready, ["cluster"], report);
  for (const key of ["start", "stop"] as const)
    checkPlaceholders(file, [...path, "drain", key], traffic?.drain?.[key], ["cluster"], report);
  switch (traffic?.driver) {
    case "command":
      checkPlaceholders(file, [...path, "show"], traffic.show, ["from", "to"], report);
      checkPlaceholders(file, [...path, "shift"], traffic.shift, ["from", "to", "share"], report);
      if (traffic.shares === "all-or-nothing") checkCanary(file, [0, 100], report);
      return;
    case "bgp":
      checkPlaceholders(file, [...path, "arrived"], traffic.arrived, ["cluster"], report);
      checkCanary(file, [0, 100], report);
      if (Object.hasOwn(file.partial, "network") && file.partial.network === undefined) return;
      if (file.partial.network === undefined || !Object.hasOwn(file.partial.network, "bgp"))
        report(
          file,
          [...path, "driver"],
          "found bgp without network.bgp, expected the routers that are told",
        );
      return;
    case "address":
      checkAddress(file, traffic, report);
      checkCanary(file, [0, 100], report);
      return;
    case "dns":
      checkDns(file, traffic, report);
      return;
  }
}

function checkAddress(file: ClusterFile, { address }: WrittenAddress, report: Report): void {
  const { network } = file.partial;
  if (address === undefined || (Object.hasOwn(file.partial, "network") && network === undefined)) return;
  if (network !== undefined && Object.hasOwn(network, "addresses") && network.addresses === undefined) return;
  const held = (network?.addresses ?? []).map((each) => each?.address);
  if (held.includes(undefined) || held.includes(address)) return;
  const expected = held.length === 0 ? "it there, with its Service" : `one of ${held.join(", ")}`;
  report(
    file,
    [...path, "address"],
    `found ${address}, which is not in network.addresses; expected ${expected}`,
  );
}

function checkDns(file: ClusterFile, dns: WrittenDns, report: Report): void {
  exactlyOne(file, [...path, "key"], dns.key, ["file", "env", "command"], report);
  for (const key of ["zone", "name"] as const) {
    const written = dns[key];
    if (written === undefined || isDnsName(written)) continue;
    const meant = likelyDnsName(written);
    const hint = meant === undefined ? "" : `; did you mean ${JSON.stringify(meant)}?`;
    report(
      file,
      [...path, key],
      `found ${JSON.stringify(written)}, expected a DNS name in lower case${hint}`,
    );
  }
  const { zone, name } = dns;
  if (zone !== undefined && name !== undefined && name !== zone && !name.endsWith(`.${zone}`))
    report(file, [...path, "name"], `found ${JSON.stringify(name)}, expected a name in the zone ${zone}`);

  const sides = (["from", "to"] as const).flatMap((side) =>
    (dns[side] ?? []).map((address, index) => ({ side, index, address })),
  );
  reportRepeats(
    sides.map(({ side, index, address }) => ({
      file,
      path: [...path, side, index],
      key: address === undefined ? undefined : canonical(address),
      shown: `the address ${address}`,
    })),
    "each address once: it leads to one cluster",
    report,
  );
  const from = whole(dns.from);
  const to = whole(dns.to);
  if (from === undefined || to === undefined) return;
  const families = (addresses: readonly string[]) => new Set(addresses.map((a) => (a.includes(":") ? 6 : 4)));
  const [blue, green] = [families(from), families(to)];
  for (const family of [4, 6] as const) {
    if (blue.has(family) === green.has(family)) continue;
    const side = blue.has(family) ? "to" : "from";
    const found = `found no IPv${family} address beside the other cluster's`;
    report(file, [...path, side], `${found}, expected one: clients that know no other would lose it`);
    return;
  }
  checkCanary(file, sharesOf(from, to), report);
}

/** The list, if nothing of it is missing. */
function whole(list: readonly (string | undefined)[] | undefined): readonly string[] | undefined {
  return list?.every((each) => each !== undefined) ? (list as readonly string[]) : undefined;
}

function canonical(address: string): string {
  const parsed = parseAddress(address);
  return parsed === undefined ? address : formatAddress(parsed);
}

/** @param shares that the driver can do */
function checkCanary(file: ClusterFile, shares: readonly number[], report: Report): void {
  const share = file.partial.replacement?.canary?.share;
  if (share === undefined || shares.includes(share)) return;
  const between = shares.slice(1, -1);
  const expected = between.length === 0 ? "no canary: it is all or nothing" : `one of ${between.join(", ")}`;
  report(
    file,
    ["replacement", "canary", "share"],
    `found ${share}, which replacement.traffic cannot do; expected ${expected}`,
  );
}
