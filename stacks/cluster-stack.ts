// What Terraform owns of one cluster version. Everything is keyed by machine name.
//
//   retire-cluster   <- release <- profile-<pool> <- group["<machine>"] <- retire["<machine>"] <- registered
//   registered       <- power-<machine> <- deliver-<machine> <- health
//   release          <- addons <- health
//
// (`a <- b`: b is made after a and destroyed before it.) Machines meet only at both ends: none waits for another.

import { createHash } from "node:crypto";
import { NullProvider } from "@cdktf/provider-null/lib/provider/index.js";
import { Resource } from "@cdktf/provider-null/lib/resource/index.js";
import { type ITerraformDependable, LocalBackend, PgBackend, TerraformStack } from "cdktf";
import type { Construct } from "constructs";
import { groupName, type Metadata, type Profile, profileName } from "../modules/matchbox/index.ts";
import type { MachinePlan, Plan } from "../modules/plan/types.ts";
import { literal, literals } from "./escape.ts";
import { MatchboxGroup, MatchboxProfile, MatchboxProvider } from "./matchbox-provider.ts";

export interface ClusterStackProps {
  readonly plan: Plan;
  /** What each pool boots, by pool. */
  readonly profiles: Readonly<Record<string, Omit<Profile, "name">>>;
  /** What is each machine's own, by machine. */
  readonly metadata: Readonly<Record<string, Metadata>>;
  /** Of everything that is delivered to a machine, by machine. */
  readonly fingerprints: Readonly<Record<string, string>>;
  /** Id of the release that is published before anything boots. */
  readonly release: string;
  /** Fingerprint of the add-ons' manifests. */
  readonly addons: string;
  readonly paths: StackPaths;
}

/** As seen from the folder that Terraform runs in (`cdktf.out/stacks/<cluster>`), so that no machine's own path is synthesised. */
export interface StackPaths {
  /** Where steps run: the project's root. */
  readonly root: string;
  readonly state: string;
  /** PEM files of Matchbox's client. */
  readonly tls: { readonly ca: string; readonly cert: string; readonly key: string };
}

export class ClusterStack extends TerraformStack {
  private readonly props: ClusterStackProps;

  constructor(scope: Construct, id: string, props: ClusterStackProps) {
    super(scope, id);
    this.props = props;
    this.providers();
    const retireCluster = this.step("retire-cluster", "retire", {
      on: "destroy",
      triggers: { cluster: props.plan.cluster },
    });
    const release = this.step("release", "release", {
      after: [retireCluster],
      triggers: { release: props.release },
    });
    const registered = this.register(this.profiles(release));
    const delivered = props.plan.machines.map((machine) => this.start(machine, registered));
    const addons = this.step("addons", "addons", { after: [release], triggers: { addons: props.addons } });
    // Only what no machine changes is a trigger, so that one machine more does not run it again.
    this.step("health", "health", { after: [addons, ...delivered], triggers: { addons: props.addons } });
  }

  private providers(): void {
    const { plan, paths } = this.props;
    if (plan.state === "local") new LocalBackend(this, { path: paths.state });
    else {
      new PgBackend(this, { connStr: "", schemaName: stateSchema(plan.cluster) });
      // Terraform reads it from PG_CONN_STR: here it would be in cdktf.out for everyone to read.
      this.addOverride("terraform.backend.pg.conn_str", undefined);
    }
    new MatchboxProvider(this, "matchbox", {
      endpoint: plan.boot.rpc,
      ca: file(paths.tls.ca),
      clientCert: file(paths.tls.cert),
      clientKey: file(paths.tls.key),
    });
    new NullProvider(this, "null");
    // The binding asks for 3.x, which no Go module serves; triggers and provisioners are the same since 2.1.
    this.addOverride("terraform.required_providers.null", {
      source: "registry.terraform.io/hashicorp/null",
      version: ">= 2.1.2",
    });
  }

  /**
   * One a pool. An edit replaces it (deleted, then created: milliseconds of 404), and leaves the groups alone: they
   * name it, and the name stays. What has to happen again is the power step of its machines: see `start`.
   */
  private profiles(release: Resource): MatchboxProfile[] {
    const { plan, profiles } = this.props;
    return plan.pools.map((pool) => {
      const profile = need(profiles, pool.name);
      return new MatchboxProfile(this, `profile-${pool.name}`, {
        name: profileName(plan.cluster, pool.name),
        kernel: literal(profile.kernel),
        initrd: profile.initrd.map(literal),
        args: profile.args.map(literal),
        rawIgnition: literal(profile.rawIgnition),
        dependsOn: [release],
      });
    });
  }

  /**
   * Makes the boot service know every machine, and prepares to retire it. Returns what stands for all of that: it
   * never changes, and keeps the graph (and each resource's list of dependencies in the state) small.
   *
   * Both are one block over all machines, since Terraform runs a destroy step only while its block is in the
   * configuration: with a block a machine, one that is taken out of the file would never be retired.
   */
  private register(profiles: readonly MatchboxProfile[]): Resource {
    const { plan, metadata } = this.props;
    const machines = plan.machines.map((machine) => [
      machine.name,
      {
        profile: profileName(plan.cluster, machine.pool),
        mac: machine.mac.toLowerCase(),
        metadata: literals(need(metadata, machine.name)),
      },
    ]);
    const groups = new MatchboxGroup(this, "machine", {
      name: groupName(plan.cluster, expression("each.key")),
      profile: expression("each.value.profile"),
      selector: { mac: expression("each.value.mac") },
      metadata: expression("each.value.metadata"),
      dependsOn: [...profiles],
    });
    groups.addOverride("for_each", Object.fromEntries(machines));
    const retire = this.step("retire", "retire", {
      on: "destroy",
      after: [groups],
      machine: expression("self.triggers.machine"),
      triggers: { machine: expression("each.key") },
    });
    retire.addOverride("for_each", Object.fromEntries(plan.machines.map(({ name }) => [name, name])));
    return new Resource(this, "registered", { dependsOn: [retire] });
  }

  /** Powers a machine on into the network, then hands it its keys. Runs again when what it boots or is told changes. */
  private start(machine: MachinePlan, registered: Resource): Resource {
    const { profiles, metadata, fingerprints } = this.props;
    const { name } = machine;
    const power = this.step(`power-${name}`, "power", {
      machine: name,
      after: [registered],
      triggers: {
        profile: fingerprint(need(profiles, machine.pool)),
        machine: fingerprint({ mac: machine.mac, metadata: need(metadata, name) }),
      },
    });
    return this.step(`deliver-${name}`, "deliver", {
      machine: name,
      after: [power],
      // A machine that was installed again has lost its keys.
      triggers: { keys: need(fingerprints, name), power: power.id },
    });
  }

  /** A step is the `landfall step` that a person would run by hand. */
  private step(
    id: string,
    command: string,
    { machine, after = [], triggers, on = "create" }: StepOptions,
  ): Resource {
    const { plan, paths } = this.props;
    const target = machine === undefined ? "" : ` --machine ${machine}`;
    return new Resource(this, id, {
      dependsOn: [...after],
      triggers,
      provisioners: [
        {
          type: "local-exec",
          command: `landfall step ${command} --cluster ${plan.cluster}${target}`,
          workingDir: paths.root,
          when: on,
          // What the step's record of having ended is about: Terraform's own word is not enough, see modules/cli/state.ts.
          ...(on === "create" && { environment: { LANDFALL_RESOURCE: expression("self.id") } }),
        },
      ],
    });
  }
}

/** PostgreSQL cuts longer names, and two clusters would share a state. */
const longestSchema = 63;

/** Schema of a cluster's state in PostgreSQL. */
export function stateSchema(cluster: string): string {
  const name = `terraform_${cluster}`;
  return name.length <= longestSchema ? name : `${name.slice(0, longestSchema - 17)}_${fingerprint(cluster)}`;
}

interface StepOptions {
  readonly machine?: string;
  readonly after?: readonly ITerraformDependable[];
  readonly triggers: Record<string, string>;
  /** Default: create. */
  readonly on?: "create" | "destroy";
}

function expression(text: string): string {
  return `\${${text}}`;
}

function file(path: string): string {
  return expression(`file("${literal(path)}")`);
}

function fingerprint(value: unknown): string {
  return createHash("sha256").update(JSON.stringify(value)).digest("hex").slice(0, 16);
}

function need<T>(values: Readonly<Record<string, T>>, key: string): T {
  const value = values[key];
  if (value === undefined) throw new TypeError(`the plan names ${key}, but nothing was rendered for it`);
  return value;
}
