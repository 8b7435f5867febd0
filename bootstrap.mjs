// Runs a program of this project from a fresh clone: `node bootstrap.mjs PROGRAM ARGS...`. Installs the npm packages
// if they are missing or older than package-lock.json, then hands over to the Node among them, which reads TypeScript.
// Any Node from 20 on runs this file.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { constants, homedir } from "node:os";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL(".", import.meta.url));
const bin = `${root}node_modules/.bin`;
const installed = `${root}node_modules/.package-lock.json`;

const current =
  existsSync(installed) && statSync(installed).mtimeMs >= statSync(`${root}package-lock.json`).mtimeMs;
if (!current) {
  console.error("Installing npm packages (once, and after they change)");
  // Its warnings are about the Node that is here already: what is installed runs by the Node among the packages.
  const npm = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
    cwd: root,
    stdio: ["ignore", 2, 2],
  });
  if (npm.status !== 0) {
    console.error(
      "error: npm ci failed\n  expected: a reachable npm registry, or a warm npm cache\n  next:     see above",
    );
    process.exit(1);
  }
}

const [program, ...args] = process.argv.slice(2);
const path = `${bin}:${process.env.PATH}`;
const command = [`${bin}/node`, `${root}${program}`, ...args];
// The virtual rack needs root. sudo clears the environment: what is found now is found then, in the same cache.
const cache = process.env.LANDFALL_CACHE ?? `${homedir()}/.cache/landfall`;
const needsSudo =
  process.getuid() !== 0 && spawnSync("sudo", ["--version"], { stdio: "ignore" }).status === 0;
if (needsSudo) command.unshift("sudo", "env", `PATH=${path}`, `LANDFALL_CACHE=${cache}`);

const child = spawn(command[0], command.slice(1), { stdio: "inherit", env: { ...process.env, PATH: path } });
// The terminal interrupts both, and the program decides what becomes of it; nobody else would hand on a SIGTERM.
process.on("SIGINT", () => {});
process.on("SIGTERM", () => child.kill("SIGTERM"));
child.once("exit", (status, signal) => process.exit(status ?? 128 + constants.signals[signal]));
