// Matchbox's model, as its gRPC API and its Terraform provider write it (Matchbox 0.11).

/** What a machine boots: named by the groups that match it. */
export interface Profile {
  readonly name: string;
  /** URL of the kernel. */
  readonly kernel: string;
  /** URLs of initial ramdisks, loaded in this order. */
  readonly initrd: readonly string[];
  /** Kernel arguments; iPXE expands `${...}` in them. */
  readonly args: readonly string[];
  /** An Ignition config. Validate it before: Matchbox answers a broken one with an empty config and 200. */
  readonly rawIgnition: string;
}

/** Labels that must all be equal for a group to match. `mac` is joined with ':' in lower case. */
export type Selector = Readonly<Record<string, string>>;

/** What `/metadata` answers, each key in upper case as `KEY=value`. Readable by anyone who names the MAC. */
export type Metadata = Readonly<Record<string, string>>;

/** Which machines get a profile, and what is each one's own. Group names are global to a Matchbox. */
export interface Group {
  readonly name: string;
  /** Name of a profile. */
  readonly profile: string;
  readonly selector: Selector;
  readonly metadata: Metadata;
}

/** Global name of a pool's profile. Carries the cluster's version, so that blue and green never share one. */
export function profileName(cluster: string, pool: string): string {
  return `${cluster}-${pool}`;
}

/** Global name of a machine's group. */
export function groupName(cluster: string, machine: string): string {
  return `${cluster}-${machine}`;
}
