import { execFile, spawn } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const ignition = "github.com/coreos/ignition/v2";
const release = "v2.21.0";
const cache = fileURLToPath(new URL("../../node_modules/.cache/landfall", import.meta.url));

/** What Ignition's own `validate` says of one text. */
export interface Said {
  readonly valid: boolean;
  /** Both streams: a finding a line, as `error at $.path, line 1 col 2: message`. */
  readonly text: string;
}

/** Ignition's `validate`: the one in LANDFALL_IGNITION_VALIDATE, else built here once from its Go module. */
export async function ignitionValidate(): Promise<(config: string | Uint8Array) => Promise<Said>> {
  const binary = process.env.LANDFALL_IGNITION_VALIDATE ?? (await built());
  return (config) =>
    new Promise((resolve, reject) => {
      const child = spawn(binary, ["-"], { stdio: ["pipe", "pipe", "pipe"] });
      let text = "";
      for (const stream of [child.stdout, child.stderr]) {
        stream.setEncoding("utf8").on("data", (chunk: string) => {
          text += chunk;
        });
      }
      child.on("error", reject);
      child.on("close", (code, signal) => {
        if (code === 0 || code === 1) resolve({ valid: code === 0, text });
        else reject(new Error(`validate ended with ${code ?? signal}: ${text}`));
      });
      child.stdin.end(config);
    });
}

async function built(): Promise<string> {
  const binary = join(cache, `ignition-validate-${release}`);
  if (existsSync(binary)) return binary;
  mkdirSync(cache, { recursive: true });
  const folder = mkdtempSync(join(cache, "build-"));
  writeFileSync(
    join(folder, "go.mod"),
    `module landfall.build/ign\n\ngo 1.24\n\nrequire ${ignition} ${release}\n`,
  );
  const env = { ...process.env, GOFLAGS: "-buildvcs=false -mod=mod", CGO_ENABLED: "0", GOTOOLCHAIN: "local" };
  const made = join(folder, "validate");
  const flags = ["-trimpath", "-ldflags", "-s -w"];
  await run("go", ["build", ...flags, "-o", made, `${ignition}/validate`], { cwd: folder, env });
  renameSync(made, binary);
  return binary;
}

/** Where Ignition's Go module is unpacked. */
export async function ignitionModule(): Promise<string> {
  const { stdout } = await run("go", ["mod", "download", "-json", `${ignition}@${release}`]);
  return (JSON.parse(stdout) as { Dir: string }).Dir;
}

/** Every JSON object in the sources, tests and docs of Ignition's Go module, a config or not. */
export async function ignitionsOwnConfigs(): Promise<readonly string[]> {
  const module = await ignitionModule();
  const files = ["config", "tests", "internal", "docs"].flatMap((folder) =>
    readdirSync(join(module, folder), { recursive: true, encoding: "utf8" }).map((name) =>
      join(module, folder, name),
    ),
  );
  const found = files.flatMap((name) => {
    const inside = name.endsWith(".go")
      ? /`(\s*\{[^`]*)`/g
      : name.endsWith(".md")
        ? /```json\n([^`]*)```/g
        : undefined;
    return inside === undefined
      ? []
      : [...readFileSync(name, "utf8").matchAll(inside)].map((match) => match[1]!);
  });
  return [...new Set(found)];
}
