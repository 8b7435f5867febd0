// dnsmasq itself reads what is made for it.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { knownReleases } from "../release/index.ts";
import { loadProject } from "../spec/index.ts";
import { siteDhcp } from "./index.ts";

const [example] = loadProject(join(import.meta.dirname, "../../clusters"), { knownReleases }).sites;

it.each([true, false])("accepts the example site's configuration, proxy: %s", (proxy) => {
  const folder = mkdtempSync(join(tmpdir(), "landfall-dhcp-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "landfall.conf");
  writeFileSync(file, siteDhcp(example!.site, { interface: "lo", tftp: folder, proxy }));
  expect(() =>
    execFileSync("/usr/sbin/dnsmasq", ["--test", `--conf-file=${file}`], { stdio: "pipe" }),
  ).not.toThrow();
});
