#!/usr/bin/env node
// Plain JavaScript that any Node reads: what follows is TypeScript as it is, which needs the Node among the packages.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import module from "node:module";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));

if (process.features.typescript) {
  module.enableCompileCache(`${root}node_modules/.cache/landfall`);
  const { main } = await import("./main.ts");
  process.exitCode = await main(process.argv.slice(2), root);
} else {
  const node = `${root}node_modules/.bin/node`;
  if (!existsSync(node)) {
    console.error(
      `error: Node ${process.version} does not read TypeScript, and the packages are not installed`,
    );
    console.error("  next: npm ci");
    process.exit(1);
  }
  const { status, signal } = spawnSync(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: "inherit",
  });
  if (signal) process.kill(process.pid, signal);
  process.exit(status ?? 1);
}
