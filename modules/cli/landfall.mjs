#!/usr/bin/env node
// Plain JavaScript that any Node reads: what follows is TypeScript as it is, which needs the Node among the packages.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import module from "node:module";
import { constants } from "node:os";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));
const args = process.argv.slice(2);

const handedOver =
  args[0] === "step" && process.env.LANDFALL_STEPS
    ? await (await import("./step-client.mjs")).handOver(process.env.LANDFALL_STEPS, args.slice(1))
    : undefined;

if (handedOver !== undefined) {
  process.exitCode = handedOver;
} else if (process.features.typescript) {
  module.enableCompileCache(`${root}node_modules/.cache/landfall`);
  const { main } = await import("./main.ts");
  // What a dead peer keeps open must not keep the command.
  process.exit(await main(args, root));
} else {
  runUnder(`${root}node_modules/.bin/node`);
}

function runUnder(node) {
  if (!existsSync(node)) {
    console.error(
      `error: Node ${process.version} does not read TypeScript, and the packages are not installed`,
    );
    console.error("  next: npm ci");
    process.exit(1);
  }
  const child = spawn(node, [fileURLToPath(import.meta.url), ...args], { stdio: "inherit" });
  // A terminal interrupts both; nobody else would hand on a SIGTERM.
  process.on("SIGINT", () => {});
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  child.once("exit", (code, signal) => process.exit(code ?? 128 + constants.signals[signal]));
}
