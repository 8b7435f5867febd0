// What the service counts, read by Prometheus' own parser and its linter (a Go module), after a landing.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { exampleFleet } from "../../modules/boot/fleet/example-fleet.ts";
import { type PageService, startPage } from "./page/service.ts";

let service: PageService;
beforeEach(async () => {
  const { machines, conditions } = exampleFleet(new Date());
  service = await startPage(machines, conditions);
});
afterEach(() => service.stop());

test("the exposition is one that Prometheus takes, and its linter has nothing to say", async () => {
  const { metrics } = service.seen();
  for (const target of ["/ipxe?mac=52:54:00:00:00:11", "/assets/a/b", '/"}\n# evil 1', "/ignition"])
    metrics.request({ method: "GET", target, status: 200, seconds: 0.01, bytes: 1000 });
  metrics.selection(0.000_02);
  metrics.storeError(new Error("no"));
  const response = await fetch(`${service.url}metrics`);
  expect(response.headers.get("content-type")).toBe("text/plain; version=0.0.4; charset=utf-8");
  const text = await response.text();
  const { stdout, stderr, status } = spawnSync("go", ["run", "."], {
    cwd: join(import.meta.dirname, "promlint"),
    input: text,
    encoding: "utf8",
  });
  expect({ status, stdout, stderr: status === 0 ? "" : stderr }).toEqual({
    status: 0,
    stdout: "",
    stderr: "",
  });
  expect(text).toContain('landfall_boot_http_requests_total{route="other",status="200"} 1');
  expect(text).toContain("landfall_boot_asset_bytes_total 1000");
  expect(text).toContain('landfall_boot_machines_signal{signal="act"} 1');
  expect(text).toContain('landfall_boot_orders{kind="install",state="failed"} 1');
  expect(text).not.toContain("evil");
});
