import { describe, expect, test } from "vitest";
import { checkHandover, type HandoverFacts, type Written } from "./check.ts";
import type { Claim } from "./claim.ts";

const written = (version: string, masters: readonly string[], workers: readonly string[]): Written => ({
  cluster: `lab-${version}`,
  name: "lab",
  version,
  site: "rack",
  boot: { service: "landfall" },
  machines: [
    ...masters.map((name) => ({ name, role: "master" }) as const),
    ...workers.map((name) => ({ name, role: "worker" }) as const),
  ],
});
const blue = written("v1", ["m1", "m2", "m3"], ["w1", "w2"]);
const green = written("v2", ["g1"], ["w1", "w2", "w3", "m1", "m2"]);
const claimsOf = (...list: Claim[]) => new Map(list.map((claim) => [claim.machine, claim]));
const held = (...machines: string[]) => machines.map((machine) => ({ machine, holder: "lab-v1" }));
const facts: HandoverFacts = {
  from: blue,
  to: green,
  claims: claimsOf(...held("m1", "m2", "m3", "w1", "w2"), { machine: "g1", holder: "lab-v2" }),
  masters: ["m1", "m2", "m3"],
  landed: true,
};
const way = (machine: string, to: string): Claim => ({
  machine,
  holder: "lab-v1",
  handover: { from: "lab-v1", to, stage: "off", at: {} },
});

describe("a hand-over is refused", () => {
  test.each<[string, Partial<HandoverFacts>, string[], RegExp]>([
    ["between other clusters", { to: { ...green, name: "demo" } }, ["w1"], /do not share machines/],
    ["to itself", { to: blue }, ["w1"], /do not share machines/],
    ["to another site", { to: { ...green, site: "far" } }, ["w1"], /do not share machines/],
    [
      "where no disk can be proven wiped",
      { from: { ...blue, boot: { service: "matchbox" } } },
      ["w1"],
      /cannot be proven wiped/,
    ],
    ["to a version that is not there", { landed: false }, ["w1"], /lab-v2 is not deployed/],
    ["of a machine that the new version does not name", {}, ["w1", "m3"], /has no place for m3/],
    ["of a machine that is free", {}, ["w3"], /w3 is free/],
    [
      "of another version's machine",
      { claims: claimsOf({ machine: "w1", holder: "lab-v0" }) },
      ["w1"],
      /not lab-v1's to give/,
    ],
    [
      "of a machine that is on its way elsewhere",
      { claims: claimsOf(way("w1", "lab-v3")) },
      ["w1"],
      /not lab-v1's to give/,
    ],
    ["of a master of a cluster that goes on", {}, ["m1"], /m1 is a master of lab-v1/],
    [
      "as a master of a cluster that stands",
      { to: written("v2", ["g1", "w1", "w2"], []) },
      ["w1"],
      /is to be a master of lab-v2/,
    ],
    ["of a cluster's last machines, with some unnamed", { last: true }, ["m1"], /holds more than that/],
  ])("%s", (_, changed, machines, message) => {
    expect(() => checkHandover({ machines }, { ...facts, ...changed })).toThrow(
      expect.objectContaining({
        code: "handover-refused",
        message: expect.stringMatching(message),
        details: { found: expect.any(String), expected: expect.any(String), next: expect.any(String) },
      }),
    );
  });

  test("and what a quorum would be left with is said", () => {
    const refusal = (masters: string[]) => {
      try {
        checkHandover({ machines: ["m1"] }, { ...facts, masters });
        return "";
      } catch (error) {
        return (error as { details: { found: string } }).details.found;
      }
    };
    expect(refusal(["m1"])).toContain("it has no quorum");
    expect(refusal(["m1", "m2", "m3"])).toContain("a quorum that bears the loss of 0 more");
  });
});

describe("a hand-over is allowed", () => {
  test.each<[string, Partial<HandoverFacts>, string[]]>([
    ["of workers", {}, ["w1", "w2"]],
    ["that was begun", { claims: claimsOf(way("w1", "lab-v2")) }, ["w1"]],
    ["that had turned back", { claims: claimsOf(way("w1", "lab-v1")) }, ["w1"]],
    [
      "back, of a machine on its way",
      { from: green, to: blue, claims: claimsOf(way("w1", "lab-v2")) },
      ["w1"],
    ],
    ["that is over", { claims: claimsOf({ machine: "w1", holder: "lab-v2" }) }, ["w1"]],
    ["of the last machines of a cluster, all named", { last: true }, ["m1", "m2", "w1", "w2"]],
    [
      "of a master whose cluster has ended",
      { last: true, masters: undefined, claims: claimsOf(way("m1", "lab-v2")) },
      ["m1"],
    ],
  ])("%s", (_, changed, machines) => {
    expect(() => checkHandover({ machines }, { ...facts, ...changed })).not.toThrow();
  });
});
