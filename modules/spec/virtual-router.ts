import { parseAddress } from "./cidr.ts";

/** The VRRP id of an address, 1-255: on one network different addresses nearly always have different ids. */
export function virtualRouterId(address: string): number {
  return (Number((parseAddress(address)?.value ?? 0n) & (address.includes(":") ? 0xffffn : 0xffn)) % 255) + 1;
}
