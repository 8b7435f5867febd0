import { describe, expect, test } from "vitest";
import { testPlan } from "../plan/testing.ts";
import { kubeRouterCommand } from "./kube-router.ts";

const { network } = testPlan({ machines: [] });

describe("kube-router", () => {
  test("calls no router that the cluster's file does not name", () => {
    expect(kubeRouterCommand({ network }).filter((flag) => /peer|asn|advertise/.test(flag))).toEqual([]);
  });

  test("calls the site's routers, and keeps the pods' ranges from them", () => {
    const routers = [
      { address: "10.20.0.1", asn: 64512 },
      { address: "10.20.0.2", asn: 65000 },
    ];
    const flags = kubeRouterCommand({ network: { ...network, bgp: { asn: 64513, routers } } });
    expect(flags.slice(-4)).toEqual([
      "--cluster-asn=64513",
      "--peer-router-ips=10.20.0.1,10.20.0.2",
      "--peer-router-asns=64512,65000",
      "--advertise-pod-cidr=false",
    ]);
  });
});
