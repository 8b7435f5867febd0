import { BlockList, isIP } from "node:net";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  contains,
  formatAddress,
  formatCidr,
  isNetworkOrBroadcast,
  nth,
  overlaps,
  parseAddress,
  parseCidr,
} from "./cidr.ts";

const address = fc.oneof(fc.ipV4(), fc.ipV6());
const cidr = fc.tuple(address, fc.nat(128)).map(([text, n]) => `${text}/${isIP(text) === 4 ? n % 33 : n}`);

describe("properties", () => {
  test("an address survives being written and read again", () => {
    fc.assert(
      fc.property(address, (text) => {
        const parsed = parseAddress(text)!;
        expect(parseAddress(formatAddress(parsed))).toEqual(parsed);
      }),
    );
  });

  test("a range contains what node:net says", () => {
    fc.assert(
      fc.property(cidr, address, (range, other) => {
        const [base, prefix] = range.split("/") as [string, string];
        const family = (text: string) => (isIP(text) === 4 ? "ipv4" : "ipv6");
        // BlockList takes ::ffff:1.2.3.4 for 1.2.3.4; here families are apart.
        fc.pre(family(base) === family(other));
        const list = new BlockList();
        list.addSubnet(base, Number(prefix), family(base));
        for (const each of [other, base]) {
          expect(contains(parseCidr(range)!, parseAddress(each)!)).toBe(list.check(each, family(each)));
        }
      }),
    );
  });

  test("ranges overlap if and only if one holds the other's base", () => {
    fc.assert(
      fc.property(cidr, cidr, (one, other) => {
        const [a, b] = [parseCidr(one)!, parseCidr(other)!];
        const held = contains(a, { ...b, value: b.base }) || contains(b, { ...a, value: a.base });
        expect(overlaps(a, b)).toBe(held);
        expect(overlaps(b, a)).toBe(held);
      }),
    );
  });
});

test.each([
  ["0:0:0:0:0:0:0:0", "::"],
  ["FD00:0:0:1:0:0:0:1", "fd00:0:0:1::1"],
  ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
  ["::ffff:10.0.0.1", "::ffff:a00:1"],
  ["1::", "1::"],
  ["10.0.0.1", "10.0.0.1"],
])("%s is written %s", (text, shortest) => {
  expect(formatAddress(parseAddress(text)!)).toBe(shortest);
});

test.each(["", "10.0.0", "10.0.0.256", "010.0.0.1", "fe80::1%eth0", "10.0.0.1/24", "x"])(
  "%j is no address",
  (text) => {
    expect(parseAddress(text)).toBeUndefined();
  },
);

test.each(["10.0.0.0", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/08", "fd00::/129", "10.0.0.0/-1"])(
  "%j is no range",
  (text) => {
    expect(parseCidr(text)).toBeUndefined();
  },
);

test("host bits are cleared", () => {
  expect(formatCidr(parseCidr("10.1.2.3/20")!)).toBe("10.1.0.0/20");
});

test("addresses are counted from the base", () => {
  expect(formatAddress(nth(parseCidr("10.43.0.0/16")!, 10))).toBe("10.43.0.10");
  expect(formatAddress(nth(parseCidr("fd00:43::/112")!, 10))).toBe("fd00:43::a");
});

test.each([
  ["10.0.0.0/24", "10.0.0.0", true],
  ["10.0.0.0/24", "10.0.0.255", true],
  ["10.0.0.0/24", "10.0.0.254", false],
  ["10.0.0.0/31", "10.0.0.1", false],
  ["10.0.0.1/32", "10.0.0.1", false],
  ["fd00::/64", "fd00::", true],
  ["fd00::/64", "fd00::ffff:ffff:ffff:ffff", false],
])("in %s no host is %s: %s", (range, text, is) => {
  expect(isNetworkOrBroadcast(parseCidr(range)!, parseAddress(text)!)).toBe(is);
});
