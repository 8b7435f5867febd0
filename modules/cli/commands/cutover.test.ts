// The command on a project in a folder, with a load balancer that is a file: the way back, shares, and what it refuses.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { exampleSite } from "../example-site.ts";
import { openWorkspace } from "../workspace.ts";
import { type CutoverFlags, cutoverCommand } from "./cutover.ts";

const site = exampleSite(["m1", "m2"]);
const cluster = (version: number, more = "") => `name: prod
version: v${version}
kubernetes: 1.34.1
endpoint: { address: 10.77.0.10${version} }
masters: { machines: [m${version}] }
${more}`;
const traffic = `replacement:
  traffic:
    driver: command
    show: [cat, clusters/share]
    shift: [sh, -c, "echo $2 $1 >>clusters/log; echo $2 >clusters/share", shift, "{to}", "{share}"]
    drain: { seconds: 0 }
`;

let root: string;
let out: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "landfall-cutover-"));
  mkdirSync(join(root, "clusters"));
  put("site.yaml", site);
  put("prod-v1.yaml", cluster(1));
  put("prod-v2.yaml", cluster(2, traffic));
  put("share", "0");
  out = "";
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    out += text;
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(root, { recursive: true, force: true });
});
const put = (name: string, text: string) => writeFileSync(join(root, "clusters", name), text);
const get = (name: string) => readFileSync(join(root, "clusters", name), "utf8").trim();
const run = (from: string, to: string, flags: CutoverFlags = {}, json = false) =>
  cutoverCommand(
    { workspace: openWorkspace(root, process.env), json, signal: new AbortController().signal },
    from,
    to,
    flags,
  );

test("all traffic, a share of it, and all of it back", async () => {
  await run("prod-v1", "prod-v2", { share: "10" });
  expect(out).toMatch(/^prod-v2 has 10 % of the traffic, [\d.]+ s$/m);
  await run("prod-v1", "prod-v2");
  expect(out).toMatch(/^prod-v2 has 100 % of the traffic; prod-v1 gets none and has drained, [\d.]+ s$/m);
  await run("prod-v1", "prod-v2", { back: true });
  expect(out).toMatch(/^prod-v1 has all traffic; prod-v2 gets none and has drained, [\d.]+ s$/m);
  expect(get("log").split("\n")).toEqual(["10 prod-v2", "100 prod-v2", "0 prod-v2"]);
});

test("--show moves nothing", async () => {
  put("share", "30");
  await run("prod-v1", "prod-v2", { show: true });
  expect(out).toContain("prod-v1  70 %\nprod-v2  30 %\n");
  expect(() => get("log")).toThrow("ENOENT");
});

test("--json is the report and nothing else", async () => {
  await run("prod-v1", "prod-v2", {}, true);
  expect(JSON.parse(out)).toMatchObject({ from: "prod-v1", to: "prod-v2", before: 0, share: 100 });
});

test.each<[CutoverFlags, string]>([
  [{ share: "101" }, "101"],
  [{ share: "half" }, "half"],
  [{ share: "10", back: true }, "--share 10 --back"],
])("%j is wrong usage", async (flags, found) => {
  await expect(run("prod-v1", "prod-v2", flags)).rejects.toMatchObject({ code: "usage", details: { found } });
});

test("an address that the older version's masters were never told of is refused before any cluster is asked", async () => {
  const network = "network: { addresses: [{ address: 10.77.0.150, service: ingress/nginx }] }\n";
  put(
    "prod-v2.yaml",
    cluster(2, `${network}replacement: { traffic: { driver: address, address: 10.77.0.150 } }\n`),
  );
  await expect(run("prod-v1", "prod-v2")).rejects.toMatchObject({
    code: "traffic-impossible",
    details: { found: "network.addresses of prod-v1: none" },
  });
});

test("clusters that do not replace each other are refused", async () => {
  put("prod-v2.yaml", cluster(2));
  put("site.yaml", site);
  await expect(run("prod-v1", "prod-v1")).rejects.toMatchObject({ code: "not-versions" });
  await expect(run("prod-v1", "prod-v2")).rejects.toMatchObject({
    code: "traffic-missing",
    details: { next: expect.stringContaining("clusters/prod-v2.yaml") },
  });
});
