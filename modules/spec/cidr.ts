// Arithmetic on IP addresses and ranges, for IPv4 and IPv6 alike: an address is a number and its family.
import { isIPv4, isIPv6 } from "node:net";

export interface Address {
  readonly family: 4 | 6;
  readonly value: bigint;
}

export interface Cidr {
  readonly family: 4 | 6;
  /** First address of the range; its host bits are zero. */
  readonly base: bigint;
  readonly prefix: number;
}

/** Undefined for anything but a plain IPv4 or IPv6 address; zones (`%eth0`) are refused. */
export function parseAddress(text: string): Address | undefined {
  if (isIPv4(text)) return { family: 4, value: v4(text) };
  if (isIPv6(text) && !text.includes("%")) return { family: 6, value: v6(text) };
  return undefined;
}

/** The range that `text` (as 10.20.0.0/24) lies in; host bits are cleared, so compare with formatCidr. */
export function parseCidr(text: string): Cidr | undefined {
  const slash = text.indexOf("/");
  if (slash < 0) return undefined;
  const address = parseAddress(text.slice(0, slash));
  const length = text.slice(slash + 1);
  if (address === undefined || !/^(0|[1-9]\d{0,2})$/.test(length)) return undefined;
  const prefix = Number(length);
  if (prefix > bits(address.family)) return undefined;
  const host = BigInt(bits(address.family) - prefix);
  return { family: address.family, base: (address.value >> host) << host, prefix };
}

/** Dotted decimal, or the shortest IPv6 form (RFC 5952). */
export function formatAddress({ family, value }: Address): string {
  if (family === 4) return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join(".");
  const groups = Array.from({ length: 8 }, (_, i) =>
    ((value >> BigInt(112 - 16 * i)) & 0xffffn).toString(16),
  );
  const zeros = [...groups.join(":").matchAll(/\b0(:0)+\b/g)].sort((a, b) => b[0].length - a[0].length)[0];
  const text = groups.join(":");
  if (zeros === undefined) return text;
  const head = text.slice(0, zeros.index).replace(/:$/, "");
  const tail = text.slice(zeros.index + zeros[0].length).replace(/^:/, "");
  return `${head}::${tail}`;
}

export function formatCidr({ family, base, prefix }: Cidr): string {
  return `${formatAddress({ family, value: base })}/${prefix}`;
}

/** How many addresses the range has. */
export function size({ family, prefix }: Cidr): bigint {
  return 1n << BigInt(bits(family) - prefix);
}

export function contains(range: Cidr, address: Address): boolean {
  return (
    range.family === address.family && address.value >= range.base && address.value < range.base + size(range)
  );
}

export function overlaps(a: Cidr, b: Cidr): boolean {
  return a.family === b.family && a.base < b.base + size(b) && b.base < a.base + size(a);
}

/** The address at `index` in the range, 0 being its base. The caller sees to it that the range is large enough. */
export function nth({ family, base }: Cidr, index: number): Address {
  return { family, value: base + BigInt(index) };
}

/** Whether no host may have this address: a range's first, and for IPv4 its last (RFC 3021's /31 and /32 apart). */
export function isNetworkOrBroadcast(range: Cidr, address: Address): boolean {
  if (bits(range.family) - range.prefix < 2) return false;
  const last = range.base + size(range) - 1n;
  return address.value === range.base || (range.family === 4 && address.value === last);
}

function bits(family: 4 | 6): number {
  return family === 4 ? 32 : 128;
}

function v4(text: string): bigint {
  return text.split(".").reduce((value, part) => (value << 8n) | BigInt(part), 0n);
}

function v6(text: string): bigint {
  // A tail in dotted decimal (::ffff:10.0.0.1) is two groups.
  const plain = text.replace(/[\d.]+\.\d+$/, (tail) => {
    const value = v4(tail);
    return `${(value >> 16n).toString(16)}:${(value & 0xffffn).toString(16)}`;
  });
  const [head = "", tail] = plain.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length;
  const groups = [...left, ...Array.from({ length: zeros }, () => "0"), ...right];
  return groups.reduce((value, group) => (value << 16n) | BigInt(`0x${group}`), 0n);
}
