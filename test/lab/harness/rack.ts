// A rack for a story: a project of its own, its lab, and the real command line. It knows nothing of the test runner.
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import {
  controlClient,
  type LabControl,
  labFiles,
  labNames,
  readConsole,
  readEvents,
  type StageEvent,
} from "../../../modules/lab/index.ts";
import { Api } from "./api.ts";
import { kernelSettings, labsUp, leftovers } from "./computer.ts";
import { type Outcome, Programs, type Running } from "./program.ts";
import {
  type ClusterFile,
  editCluster,
  type Project,
  type ProjectOptions,
  repository,
  writeProject,
} from "./project.ts";

export interface Rack {
  readonly project: Project;
  readonly lab: LabControl;
  /** Folder with what the commands printed. */
  readonly logs: string;
  /** Runs `landfall ARGS...`. @throws Error with all that was said, and the consoles, if it fails. */
  landfall(...args: string[]): Promise<Outcome>;
  /** The same; a failure is a result. */
  tryLandfall(...args: string[]): Promise<Outcome>;
  startLandfall(...args: string[]): Running;
  cdktf(...args: string[]): Promise<Outcome>;
  /** kubectl as the administrator of a cluster; `input` is its stdin. Returns what it printed. */
  kubectl(cluster: string, args: readonly string[], input?: string): Promise<string>;
  api(cluster: string): Promise<Api>;
  editCluster(cluster: string, edit: (file: ClusterFile) => void): void;
  /** The Terraform state of a cluster, as it is on the disk. */
  state(cluster: string): string;
  events(): StageEvent[];
  /** Folder of a machine's disk. */
  disk(machine: string): string;
  /** The last lines of all consoles and of the daemon. */
  lastWords(): string;
  /** Takes the lab down. @throws Error naming all that is left. */
  down(): Promise<void>;
}

/** Writes the project and brings its lab up, all machines off. */
export async function openRack(options: ProjectOptions): Promise<Rack> {
  const wasUp = labsUp();
  const settings = kernelSettings();
  const project = await freshProject(options);
  const programs = new Programs(project.root);
  const files = labFiles(project.lab);

  const run = async (program: string, args: readonly string[], input?: string): Promise<Outcome> => {
    const outcome = await programs.start(program, args, input).ended;
    if (outcome.exitCode === 0) return outcome;
    // The reason first: a report may be cut.
    const said = [lastLines(outcome.output, 8), "-- all of it:", lastLines(outcome.output, 80)].join("\n");
    throw new Error(
      `${program} ${args.join(" ")} ended with ${outcome.exitCode}\n${said}\n${rack.lastWords()}`,
    );
  };

  const rack: Rack = {
    project,
    lab: controlClient(labNames(project.name).socket),
    logs: programs.logs,
    landfall: (...args) => run("landfall", args),
    tryLandfall: (...args) => programs.start("landfall", args).ended,
    startLandfall: (...args) => programs.start("landfall", args),
    cdktf: (...args) => run("cdktf", args),
    kubectl: async (cluster, args, input) =>
      (await run("landfall", ["kubectl", cluster, "--", ...args], input)).stdout,
    api: async (cluster) => {
      await run("landfall", ["kubectl", cluster, "--", "config", "current-context"]);
      return new Api(readFileSync(join(project.root, ".landfall/run", cluster, "kubeconfig"), "utf8"));
    },
    editCluster: (cluster, edit) => editCluster(project.root, cluster, edit),
    state: (cluster) => readFileSync(join(project.root, ".landfall/terraform", `${cluster}.tfstate`), "utf8"),
    events: () => readEvents(files.events),
    disk: (machine) => files.machine(machine).disk,
    lastWords: () =>
      [
        ...project.machines.map(
          ({ name }) => [name, readConsole(files.machine(name).console).toString()] as const,
        ),
        ["the lab's daemon", readConsole(files.log).toString()] as const,
      ]
        .filter(([, text]) => text !== "")
        .map(([name, text]) => `-- ${name}:\n${lastLines(text, 12)}`)
        .join("\n"),
    down: async () => {
      await run("landfall", ["lab", "down", "--site", project.name]);
      const left = leftovers(project.name, project.root);
      // Settings come back with the last lab: others may be up on a developer's computer.
      if (wasUp || labsUp()) console.log("another lab is up: kernel settings are not compared");
      else left.push(...changed(settings, kernelSettings()));
      if (left.length > 0) throw new Error(`the lab left:\n${left.join("\n")}`);
      rmSync(project.root, { recursive: true });
    },
  };
  await run("landfall", ["lab", "up", "--site", project.name]);
  return rack;
}

/** A run that was killed may have left its lab up: it goes first. */
async function freshProject(options: ProjectOptions): Promise<Project> {
  const before = join(repository, ".landfall", "test", options.name);
  if (existsSync(join(before, "clusters/site.yaml"))) {
    const { exitCode, output } = await new Programs(before).start("landfall", [
      "lab",
      "down",
      "--site",
      options.name,
    ]).ended;
    if (exitCode !== 0) throw new Error(`an earlier lab does not go down:\n${output}`);
  }
  return writeProject(options);
}

function changed(before: Map<string, string>, after: Map<string, string>): string[] {
  return [...before]
    .filter(([name, value]) => after.get(name) !== value)
    .map(([name, value]) => `kernel setting ${name}: ${after.get(name)}, was ${value}`);
}

function lastLines(text: string, count: number): string {
  return text.trimEnd().split(/\r?\n/).slice(-count).join("\n");
}
