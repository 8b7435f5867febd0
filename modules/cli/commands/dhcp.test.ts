// The command as people call it, flags and all; what dnsmasq makes of the configuration is in modules/dhcp's tests.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { exampleSite } from "../example-site.ts";
import { addCommands } from "../program.ts";
import { openWorkspace } from "../workspace.ts";

let root: string;
let printed: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "landfall-dhcp-"));
  mkdirSync(join(root, "clusters"));
  writeFileSync(join(root, "clusters", "site.yaml"), exampleSite(["m1", "m2"]));
  printed = "";
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    printed += text;
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(root, { recursive: true, force: true });
});

async function landfall(...argv: string[]): Promise<string[]> {
  const program = new Command("landfall").exitOverride().configureOutput({ writeErr: () => {} });
  addCommands(program, {
    invocation: () => ({
      workspace: openWorkspace(root, {}, join(root, "cache")),
      json: false,
      signal: new AbortController().signal,
    }),
    exitWith: (code) => expect(code).toBe(0),
  });
  await program.parseAsync(argv, { from: "user" });
  return printed.split("\n");
}

const full = ["dhcp", "rack", "--interface", "eno1"];

test("prints a whole configuration for the site's machines", async () => {
  const lines = await landfall(...full);
  expect(lines.at(-1)).toBe("");
  expect(lines).toEqual(
    expect.arrayContaining([
      "interface=eno1",
      "tftp-root=/srv/tftp",
      "dhcp-range=10.77.0.0,static,255.255.255.0,1h",
      "dhcp-host=52:54:00:77:00:10,10.77.0.10,m1",
      "dhcp-host=52:54:00:77:00:11,10.77.0.11,m2",
      "dhcp-boot=tag:ipxe,http://10.77.0.3:8080/boot.ipxe",
      "enable-ra",
    ]),
  );
});

test("its flags: beside another server, without router advertisements, another folder", async () => {
  const lines = await landfall(...full, "--proxy", "--no-router-advertisements", "--tftp", "/srv/boot");
  expect(lines).toContain("dhcp-range=10.77.0.0,proxy,255.255.255.0");
  expect(lines).toContain("tftp-root=/srv/boot");
  expect(lines.join("\n")).not.toMatch(/^(dhcp-host|enable-ra)/m);
});

test("refuses a network and a site that are not there, and wants an interface", async () => {
  await expect(landfall(...full, "--network", "other")).rejects.toMatchObject({ code: "dhcp-network" });
  await expect(landfall("dhcp", "rack9", "--interface", "eno1")).rejects.toMatchObject({
    code: "site-unknown",
  });
  await expect(landfall("dhcp", "rack")).rejects.toThrow(/--interface/);
  expect(printed).toBe("");
});
