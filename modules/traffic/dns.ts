// Traffic steered by a name's addresses: dynamic updates (RFC 2136), signed (TSIG), each one atomic.

import { LandfallError } from "../spec/error.ts";
import { mixFor, shareOf, sharesOf } from "../spec/index.ts";
import type { DnsTrafficPlan } from "./plan.ts";
import { type TsigKey, tsigKey } from "./tsig.ts";
import type { DnsRecord, Side, Steering, TrafficDeps, TrafficOptions } from "./types.ts";
import { until } from "./until.ts";

type RecordType = "A" | "AAAA";

/** What the name has, of both families. */
type Found = Readonly<Record<RecordType, readonly DnsRecord[]>>;

const types: readonly RecordType[] = ["A", "AAAA"];
/** Seconds that nsupdate gets. */
const updateSeconds = 10;

export function dns(plan: DnsTrafficPlan, { deps, signal }: Omit<TrafficOptions, "plan">): Steering {
  const { clock } = deps;
  const server = { address: plan.server, port: plan.port };
  const where = `${plan.name} at ${plan.server}`;
  const trial = {
    timeoutSeconds: plan.timeoutSeconds,
    clock,
    signal,
    failure: {
      code: "traffic-timeout",
      expected: `an answer of ${plan.server}, port ${plan.port}`,
      next: "see whether the zone's primary server is up and answers this computer; then run this again",
    },
  };

  async function read(): Promise<Found> {
    const [a, aaaa] = await Promise.all(types.map(ask));
    const found: Found = { A: a ?? [], AAAA: aaaa ?? [] };
    const all = [...found.A, ...found.AAAA].map(({ address }) => address);
    const { from, to } = plan.sides;
    if (all.length > 0 && all.every((each) => from.includes(each) || to.includes(each))) return found;
    throw unknown(all.length === 0 ? "no address" : all.join(", "));
  }

  async function ask(type: RecordType): Promise<readonly DnsRecord[]> {
    try {
      return await deps.resolve(server, plan.name, type, signal);
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code !== "EREFUSED") throw cause;
      throw new LandfallError("dns-refused", `${plan.server} does not answer for ${plan.name}`, {
        found: "REFUSED",
        expected: "a server that has the zone, and answers this computer",
        next: "correct replacement.traffic.server, or what the server allows (allow-query)",
        cause,
      });
    }
  }

  function unknown(found: string): LandfallError {
    const { from, to } = plan.sides;
    return new LandfallError(
      "traffic-unknown",
      `${plan.name} leads elsewhere than to ${plan.from} and ${plan.to}`,
      {
        found,
        expected: `addresses of ${from.join(", ")} (${plan.from}), ${to.join(", ")} (${plan.to})`,
        next: "correct the zone, or replacement.traffic; nothing was changed",
      },
    );
  }

  /** Of both families the same, where the name has both. */
  function share(found: Found): number | undefined {
    const shares = types.flatMap((type) => {
      const addresses = found[type].map(({ address }) => address);
      const of = (side: Side) => addresses.filter((address) => plan.sides[side].includes(address)).length;
      return addresses.length === 0 ? [] : [shareOf({ from: of("from"), to: of("to") })];
    });
    return shares.every((each) => each === shares[0]) ? shares[0] : undefined;
  }

  return {
    shares: sharesOf(plan.sides.from, plan.sides.to),
    cutsConnections: false,
    async state() {
      let torn = 0;
      return until({
        ...trial,
        what: `read the addresses of ${where}`,
        attempt: async () => {
          const found = await read();
          const records = [...found.A, ...found.AAAA];
          const shown = `${plan.name} is ${records.map(({ address }) => address).join(", ")}`;
          const now = share(found);
          // Both families are two questions: an update may have come between them.
          if (now === undefined && ++torn < 3) return { found: shown };
          if (now === undefined) throw unknown(`${shown}: by IPv4 another cluster than by IPv6`);
          return { value: { share: now, shown, settleSeconds: Math.max(...records.map(({ ttl }) => ttl)) } };
        },
        failure: { ...trial.failure, code: "traffic-unknown" },
      });
    },
    async shift(wanted) {
      // Read first: who cannot sign need not begin.
      const key = await tsigKey(plan.key, deps);
      await until({
        ...trial,
        what: `update ${where}`,
        attempt: async () => {
          const found = await read();
          const goal = records(plan, wanted, found);
          if (types.every((type) => same(found[type], goal[type]))) return { value: undefined };
          await update(plan, found, goal, key, deps, signal);
          return { found: "the addresses as they were" };
        },
      });
    },
    async answers(side) {
      await Promise.all(plan.sides[side].map((address) => deps.connect(address, plan.probePort, signal)));
    },
  };
}

/** The addresses for a share; each family keeps its TTL. */
function records(plan: DnsTrafficPlan, share: number, found: Found): Found {
  const of = (type: RecordType): readonly DnsRecord[] => {
    const family = (side: Side) =>
      plan.sides[side].filter((each) => each.includes(":") === (type === "AAAA"));
    const [from, to] = [family("from"), family("to")];
    const mix = mixFor(share, from.length, to.length);
    const [ttl] = [...found[type], ...found.A, ...found.AAAA].map((record) => record.ttl);
    return [...from.slice(0, mix?.from ?? 0), ...to.slice(0, mix?.to ?? 0)].map((address) => ({
      address,
      ttl: ttl!,
    }));
  };
  return { A: of("A"), AAAA: of("AAAA") };
}

function same(here: readonly DnsRecord[], there: readonly DnsRecord[]): boolean {
  const addresses = new Set(here.map(({ address }) => address));
  return here.length === there.length && there.every(({ address }) => addresses.has(address));
}

/**
 * One message: only if the name has exactly what was read, it gets what is wanted. So two cut-overs cannot mix, and there
 * is no moment without an address.
 */
async function update(
  plan: DnsTrafficPlan,
  found: Found,
  goal: Found,
  { algorithm, name: keyName, secret }: TsigKey,
  deps: Pick<TrafficDeps, "runCommand">,
  signal: AbortSignal | undefined,
): Promise<void> {
  const name = `${plan.name}.`;
  const lines = [
    `server ${plan.server} ${plan.port}`,
    `zone ${plan.zone}.`,
    // By its standard input: neither its arguments nor a file hold the secret.
    `key ${algorithm}:${keyName} ${secret}`,
    ...types.flatMap((type) =>
      found[type].length === 0
        ? [`prereq nxrrset ${name} IN ${type}`]
        : found[type].map(({ address }) => `prereq yxrrset ${name} IN ${type} ${address}`),
    ),
    ...types
      .filter((type) => !same(found[type], goal[type]))
      .flatMap((type) => [
        `update delete ${name} IN ${type}`,
        ...goal[type].map(({ address, ttl }) => `update add ${name} ${ttl} IN ${type} ${address}`),
      ]),
    "send",
  ];
  // TCP: an answer that nobody else can have sent, and no limit of size.
  const argv = ["nsupdate", "-v", "-t", String(updateSeconds)];
  try {
    await deps.runCommand(argv, { input: `${lines.join("\n")}\n`, signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw explained(plan, error instanceof Error ? error.message : String(error)) ?? error;
  }
}

/** What no repetition mends, in terms of what to do about it. */
function explained(plan: DnsTrafficPlan, said: string): LandfallError | undefined {
  const [, answer, reason] = /update failed: ([A-Z]+)(?:\(([A-Z]+)\))?/.exec(said) ?? [];
  const refused = (code: string, message: string, expected: string, next: string) =>
    new LandfallError(code, message, { found: said, expected, next });
  if (/\bENOENT\b/.test(said))
    return refused(
      "nsupdate-missing",
      "there is no nsupdate here",
      "nsupdate",
      "apt-get install bind9-dnsutils",
    );
  if (answer === "NXRRSET" || answer === "YXRRSET")
    return refused(
      "traffic-moved",
      `somebody else changed ${plan.name} at the same moment`,
      "its addresses as they were read",
      "see where the traffic is (--show), then run this again",
    );
  if (reason === "BADTIME" || /clock skew|BADTIME/.test(said))
    return refused(
      "dns-refused",
      `the clocks of this computer and ${plan.server} are too far apart`,
      "not more than five minutes between them",
      "set them, then run this again",
    );
  if (answer === "NOTAUTH" && reason === undefined)
    return refused(
      "dns-refused",
      `${plan.server} is not the primary server of ${plan.zone}`,
      "the zone's primary server, and a zone that it has",
      "correct replacement.traffic.server or .zone",
    );
  if (answer === "NOTAUTH" || answer === "REFUSED" || answer === "NOTZONE" || /tsig/i.test(said))
    return refused(
      "dns-refused",
      `${plan.server} refuses to update ${plan.name}`,
      "a key that the server knows, and that may change this name's A and AAAA records",
      "see the server's log, its allow-update or update-policy, and replacement.traffic.key",
    );
  return undefined;
}
