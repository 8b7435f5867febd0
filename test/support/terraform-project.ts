// A project whose stack goes through real Terraform, while its steps are stood in for by a script.
import { execFile } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { openWorkspace, type Workspace } from "../../modules/cli/index.ts";
import { synthesise } from "../../stacks/index.ts";
import { type TestCluster, testCluster } from "../../stacks/test-cluster.ts";
import { cacheDir } from "./tools.ts";

/** `landfall step STEP --cluster t-v1 [--machine NAME]`. Like the real one it records that it came to its end. */
const standIn = `#!/bin/sh
echo "$*" >> steps.log
sh ./step.sh "$@" || exit
[ "$2" = retire ] && exit
ended=.landfall/run/$4/done
mkdir -p "$ended" && printf %s "$LANDFALL_RESOURCE" > "$ended/$2\${6:+-$6}"
`;

/** Steps run `folder`/step.sh, and are written down in `folder`/steps.log. */
export function terraformProject(folder: string, env: Readonly<Record<string, string>> = {}): Workspace {
  const bin = join(folder, "node_modules/.bin");
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(bin, "landfall"), standIn);
  chmodSync(join(bin, "landfall"), 0o755);
  return openWorkspace(folder, { ...process.env, ...env, PATH: `${bin}:${process.env.PATH}` }, cacheDir);
}

/** Writes the stack of t-v1, and the way to the providers. */
export function writeStack(folder: string, mirror: string, cluster: TestCluster): void {
  synthesise([testCluster(cluster)], join(folder, "cdktf.out"));
  const stack = join(folder, "cdktf.out/stacks/t-v1/terraform.d");
  mkdirSync(stack, { recursive: true });
  if (!existsSync(join(stack, "plugins"))) symlinkSync(mirror, join(stack, "plugins"));
}

/** cdktf's CLI on the stack that is written by now: its app hands out the same again. */
export function cdktfOf({ root, env }: Workspace): (command: "deploy" | "destroy") => Promise<unknown> {
  cpSync(join(root, "cdktf.out"), join(root, "synthesised"), { recursive: true, verbatimSymlinks: true });
  const app = "rm -rf cdktf.out/stacks/t-v1/cdk.tf.json && cp -a synthesised/. cdktf.out/";
  writeFileSync(
    join(root, "cdktf.json"),
    JSON.stringify({
      language: "typescript",
      app,
      projectId: "t",
      sendCrashReports: "false",
      terraformProviders: [],
      terraformModules: [],
    }),
  );
  const programs = resolve(import.meta.dirname, "../../node_modules/.bin");
  const { TF_CLI_CONFIG_FILE: _, ...given } = env;
  const path = `${join(root, "node_modules/.bin")}:${programs}:${env.PATH}`;
  return (command) =>
    promisify(execFile)(
      join(programs, "cdktf"),
      [command, "t-v1", "--skip-provider-lock", "--auto-approve"],
      {
        cwd: root,
        env: { ...given, CHECKPOINT_DISABLE: "1", CI: "1", PATH: path },
      },
    );
}

/** Ids of processes that work in the folder, Matchbox left out. */
export function processesIn(folder: string): number[] {
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => {
      try {
        const cwd = readFileSync(`/proc/${pid}/environ`, "utf8");
        return (
          pid !== process.pid &&
          cwd.includes(`${folder}/node_modules/.bin`) &&
          !readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("matchbox\0-address")
        );
      } catch {
        return false;
      }
    });
}

export function killTerraform(folder: string): void {
  for (const pid of processesIn(folder)) {
    try {
      if (readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith("terraform\0"))
        process.kill(pid, "SIGKILL");
    } catch {
      // It has ended by itself.
    }
  }
}
