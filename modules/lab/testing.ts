// A small site for the tests of this module.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { type Site, siteSchema } from "../spec/index.ts";
import type { LabConfig } from "./config.ts";

export function exampleSite(change: Partial<Site> = {}): Site {
  return siteSchema.parse({
    name: "lab",
    networks: [{ name: "rack", cidr: "10.77.0.0/24", gateway: "10.77.0.1", dns: ["10.77.0.1"] }],
    boot: {
      service: "matchbox",
      http: "http://10.77.0.1:8080",
      rpc: "127.0.0.1:8081",
      tls: { ca: "state/tls/ca.crt", cert: "state/tls/client.crt", key: "state/tls/client.key" },
      assets: "assets",
    },
    access: { proxy: "http://127.0.0.1:3128" },
    machines: ["m1", "m2"].map((name, i) => ({
      name,
      mac: `52-54-00-AA-00-0${i + 1}`,
      address: `10.77.0.1${i + 1}`,
      disk: "/dev/vda",
      bmc: {
        driver: "redfish",
        url: `http://127.0.0.1:8000/redfish/v1/Systems/${name}`,
        credentials: { file: "state/bmc-credentials" },
      },
    })),
    lab: { machines: [{ name: "m2", kind: "qemu", firmware: "uefi" }] },
    ...change,
  });
}

export function exampleConfig(site = exampleSite()): LabConfig {
  return {
    site,
    siteFile: "/project/site.yaml",
    stateDir: "/project/state",
    cacheDir: "/cache",
    tools: { matchbox: "/matchbox", bootService: ["/landfall", "boot", "serve"] },
  };
}

/** A folder that goes with the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "landfall-lab-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
