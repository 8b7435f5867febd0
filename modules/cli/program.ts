// The list of commands: names, arguments, help. What they do is in commands/.
import { Argument, type Command, Option } from "commander";
import type { SiteDhcpOptions } from "../dhcp/index.ts";
import { bootFlags } from "./boot-flags.ts";
import type { CutoverFlags } from "./commands/cutover.ts";
import type { HandoverFlags } from "./commands/handover.ts";
import type { FaultOptions } from "./commands/lab.ts";
import type { MigrateFlags } from "./commands/migrate.ts";
import type { UpgradeFlags } from "./commands/upgrade.ts";
import { describeFlags } from "./go-flags.ts";
import type { Invocation } from "./main.ts";
import { steps } from "./steps/names.ts";

export interface Host {
  readonly invocation: () => Invocation;
  readonly exitWith: (code: number) => void;
}

export function addCommands(program: Command, host: Host): void {
  /** What a command returns is the exit code; nothing means 0. */
  const run =
    <A extends unknown[]>(work: (invocation: Invocation, ...args: A) => Promise<number | undefined>) =>
    async (...args: A): Promise<void> => {
      host.exitWith((await work(host.invocation(), ...args)) ?? 0);
    };
  const cluster = () => new Argument("<cluster>", "NAME-VERSION, as lab-v1");

  program
    .command("deploy")
    .description("land a cluster, or bring it to what its files say; ends when it is proven healthy")
    .addArgument(cluster())
    .addHelpText(
      "after",
      "\nInterrupted or killed, the same command goes on where it stopped.\n\n  $ landfall deploy lab-v1\n",
    )
    .action(
      run(async (invocation, name: string) =>
        (await import("./commands/deploy.ts")).deployCommand(invocation, name),
      ),
    );

  program
    .command("destroy")
    .description(
      "retire a cluster: power off, disks marked free, forgotten by the boot service, PKI set aside",
    )
    .addArgument(cluster())
    .addHelpText("after", "\n  $ landfall destroy lab-v1\n")
    .action(
      run(async (invocation, name: string) =>
        (await import("./commands/deploy.ts")).destroyCommand(invocation, name),
      ),
    );

  program
    .command("upgrade")
    .description(
      "replace a cluster by its next version: land it, prove it, move work and traffic, retire the old",
    )
    .argument("<name>", "the cluster's name, as lab")
    .requiredOption("--to <version>", "the version that takes the place, as v2")
    .option("--from <version>", "the version that it takes the place of (default: the one that is deployed)")
    .option(
      "--dry-run",
      "print the plan, machine by machine, with the time that it will take; touches nothing",
    )
    .option("--abort", "go back to the old version: at every moment until it is being retired")
    .addHelpText(
      "after",
      "\nInterrupted or killed, the same command goes on where it stopped. See docs/replacement.md.\n\n  $ landfall upgrade lab --to v2 --dry-run\n  $ landfall upgrade lab --to v2\n",
    )
    .action(
      run(async (invocation, name: string, flags: UpgradeFlags) =>
        (await import("./commands/upgrade.ts")).upgradeCommand(invocation, name, flags),
      ),
    );

  program
    .command("plan")
    .description("what a deploy would do, machine by machine; touches no machine")
    .addArgument(cluster())
    .addHelpText("after", "\n  $ landfall plan lab-v1\n  $ landfall plan lab-v1 --json | jq .changes\n")
    .action(
      run(async (invocation, name: string) =>
        (await import("./commands/plan.ts")).planCommand(invocation, name),
      ),
    );

  program
    .command("status")
    .description(
      "the health conditions and the machines of a cluster, and its replacement, if there is one; exits 1 if a condition does not hold",
    )
    .addArgument(cluster())
    .option("--watch", "go on, and show every change; Ctrl-C ends it. With --json: a line of JSON a change")
    .addHelpText("after", "\n  $ landfall status lab-v1\n  $ landfall status lab-v1 --watch\n")
    .action(
      run(async (invocation, name: string, options: { watch?: boolean }) =>
        options.watch
          ? (await import("./commands/status-watch.ts")).statusWatchCommand(invocation, name)
          : (await import("./commands/status.ts")).statusCommand(invocation, name),
      ),
    );

  program
    .command("migrate")
    .description("copy the work of a cluster's version to another, and move its network volumes")
    .argument("<from>", "the older version, NAME-VERSION, as prod-v1")
    .argument("<to>", "the newer version; its file says how, in replacement.workloads")
    .option("--dry-run", "say what would be done, and what stands in the way; changes nothing")
    .option("--no-volumes", "only copy: what may run on one side only stays on <from>'s")
    .option("--no-wait", "end when all is written; do not wait until it is ready in <to>")
    .option("--undo", "give back to <from> what was moved; what was only copied stays in <to>")
    .option("--settle", "once <from> is retired: <to>'s volumes get their reclaim policy back")
    .addHelpText(
      "after",
      `
Every object ends as copied, same, left out (with the reason) or blocked (with the reason). What <to> would
refuse is found before anything is written, all at once. Workloads without volumes then run on both sides.
Those that write to network volumes, and CronJobs, run on one: stopped in <from>, their claims let go, bound
in <to>, and started there. At last it is waited until all that <from> runs is ready in <to> too, for timeouts.ready
of <to>'s file. Interrupted or killed, the same command goes on where it stopped.

  $ landfall migrate prod-v1 prod-v2 --dry-run
  $ landfall migrate prod-v1 prod-v2
  $ landfall migrate prod-v1 prod-v2 --undo
`,
    )
    .action(
      run(async (invocation, from: string, to: string, flags: MigrateFlags) =>
        (await import("./commands/migrate.ts")).migrateCommand(invocation, from, to, flags),
      ),
    );

  program
    .command("cutover")
    .description("move people's traffic between two versions of a cluster; connections drain")
    .argument("<from>", "the older version, NAME-VERSION, as prod-v1")
    .argument("<to>", "the newer version; its file says how, in replacement.traffic")
    .option("--share <percent>", "of new connections that go to <to> (default: 100)")
    .option("--back", "all traffic back to <from>, as --share 0")
    .option("--show", "only say where the traffic goes now, read from what steers it")
    .addHelpText(
      "after",
      `
A cluster that is to get traffic has to answer first. One that gets none any more goes on serving the
connections that it has, for as long as replacement.traffic.drain says; the command returns after that.
Interrupted or killed, the same command goes on where it stopped; --back goes back at any time.

  $ landfall cutover prod-v1 prod-v2 --share 10
  $ landfall cutover prod-v1 prod-v2
  $ landfall cutover prod-v1 prod-v2 --back
`,
    )
    .action(
      run(async (invocation, from: string, to: string, flags: CutoverFlags) =>
        (await import("./commands/cutover.ts")).cutoverCommand(invocation, from, to, flags),
      ),
    );

  program
    .command("handover")
    .description("hand machines from one version of a cluster to another; ends when they are Ready there")
    .argument("<machine...>", "names of machines; they leave and land together")
    .requiredOption("--from <cluster>", "the version that holds them, as lab-v1")
    .requiredOption(
      "--to <cluster>",
      "the version that is to have them, as lab-v2; deployed, and its file names them",
    )
    .option("--retire", "the version that they leave ends with them, masters and all")
    .addHelpText(
      "after",
      `
Each machine is drained, marks its disk as free, is switched off, has its disk wiped through one boot from the
network, is forgotten by the old version, claimed by the new one, and landed. A machine whose disk is not proven
empty is not claimed. Interrupted or killed, the same command goes on where it stopped; with --from and --to the
other way round, machines turn back wherever they are.
Masters leave together and last, with --retire: name all machines that go from one version to the other.

  $ landfall handover w1 --from lab-v1 --to lab-v2
  $ landfall handover m1 m2 m3 --from lab-v1 --to lab-v2 --retire
`,
    )
    .action(
      run(async (invocation, machines: string[], flags: HandoverFlags) =>
        (await import("./commands/handover.ts")).handoverCommand(invocation, machines, flags),
      ),
    );

  program
    .command("validate")
    .description("check all files in clusters/; prints every mistake as FILE:LINE:COLUMN")
    .action(run(async (invocation) => (await import("./commands/validate.ts")).validateCommand(invocation)));

  program
    .command("schema")
    .description("print the JSON Schema of site.yaml or of a cluster's file, for editors")
    .addArgument(new Argument("<kind>", "which file").choices(["site", "cluster"]))
    .action(run(async (_, kind: string) => (await import("./commands/schema.ts")).schemaCommand(kind)));

  program
    .command("power")
    .description("control machines' power, whatever their driver: redfish, ipmi, wol, exec, manual")
    .addArgument(
      new Argument("<action>", "what to do").choices(["on", "off", "cycle", "state", "network-boot"]),
    )
    .argument("<machine...>", "names of machines")
    .option(
      "--timeout <seconds>",
      "how long each machine gets (default: 120; without a controller, its patience in the site file)",
    )
    .addHelpText(
      "after",
      `
on, off, cycle: returns when it is so, read back from the controller; machines come on within what
the site's breakers bear (power.atOnce, power.stagger).
network-boot: the next start, and only that, is from the network. A machine without a controller (wol)
takes no such order: its firmware starts from the network first.
A machine whose driver is manual is switched by you: it is said how, and waited for.

  $ landfall power state m1 m2 m3
  $ landfall power network-boot w1 && landfall power cycle w1
`,
    )
    .action(
      run(async (invocation, action: string, machines: string[], options: { timeout?: string }) =>
        (await import("./commands/power.ts")).powerCommand(invocation, action, machines, options),
      ),
    );

  program
    .command("dhcp")
    .description("print dnsmasq's configuration for the network boot of a site's machines")
    .argument("<site>", "its name")
    .requiredOption("--interface <name>", "of the computer that dnsmasq runs on, in the machines' network")
    .option("--proxy", "another server gives out addresses: add only what PXE asks for")
    .option("--network <name>", "which network of the site (default: its only one)")
    .option("--tftp <folder>", "with undionly.kpxe and snponly.efi", "/srv/tftp")
    .option("--no-router-advertisements", "none for IPv6: iPXE then waits 13 s for one")
    .addHelpText(
      "after",
      "\n  $ landfall dhcp rack1 --interface eno1 --proxy >/etc/dnsmasq.d/landfall.conf\n",
    )
    .action(
      run(async (invocation, name: string, options: SiteDhcpOptions) =>
        (await import("./commands/dhcp.ts")).dhcpCommand(invocation, name, options),
      ),
    );

  program
    .command("kubectl")
    .description("run the release's kubectl as the cluster's administrator")
    .addArgument(cluster())
    .argument("[args...]", "kubectl's own arguments, after --")
    .allowUnknownOption()
    .addHelpText("after", "\n  $ landfall kubectl lab-v1 -- get nodes -o wide\n")
    .action(
      run(async (invocation, name: string, args: string[]) =>
        (await import("./commands/kubectl.ts")).kubectlCommand(invocation, name, args),
      ),
    );
  program
    .command("pki")
    .description("a cluster's certificates")
    .command("show")
    .description("what is issued, to whom, and until when; no secrets")
    .addArgument(cluster())
    .addHelpText("after", "\n  $ landfall pki show lab-v1\n")
    .action(
      run(async (invocation, name: string) =>
        (await import("./commands/pki.ts")).pkiShowCommand(invocation, name),
      ),
    );

  addArchiveCommands(program, run, cluster);
  addBootCommands(program, run);
  addReleaseCommands(program, run);
  addLabCommands(program, run);

  program
    .command("ignition")
    .description("Ignition configs")
    .command("validate")
    .description("print `FILE: valid` or `FILE: invalid: REASON` a line; exits 1 if any is invalid")
    .argument("<file...>", "Ignition configs")
    .addHelpText("after", "\n  $ landfall ignition validate worker.ign\n")
    .action(
      run(async (invocation, files: string[]) =>
        (await import("./commands/ignition.ts")).ignitionCommand(invocation, files),
      ),
    );

  program
    .command("step")
    .description("one step of a deploy, as Terraform runs it; safe to run again at any time")
    .addArgument(new Argument("<step>", "the step").choices(steps))
    .addOption(new Option("--cluster <id>", "NAME-VERSION").makeOptionMandatory())
    .option("--machine <name>", "for the steps that are about one machine")
    .addHelpText("after", "\n  $ landfall step deliver --cluster lab-v1 --machine w1\n")
    .action(
      run(async (invocation, step: string, target: { cluster: string; machine?: string }) =>
        (await import("./commands/step.ts")).stepCommand(invocation, step, target),
      ),
    );
}

type Runner = <A extends unknown[]>(
  work: (invocation: Invocation, ...args: A) => Promise<number | undefined>,
) => (...args: A) => Promise<void>;

function addArchiveCommands(program: Command, run: Runner, cluster: () => Argument): void {
  const commands = () => import("./commands/archive.ts");
  const identity = () =>
    new Option(
      "--identity <file>",
      "secret keys of age, as age-keygen writes them; one that opens it is enough",
    );
  const archive = program
    .command("archive")
    .description(
      "what is left of a cluster: its last etcd snapshot, its PKI and what it was, in one encrypted file",
    )
    .addArgument(cluster())
    .option("--out <file>", "where to; it must not exist (default: below .landfall/archive)")
    .option(
      "--recipient <age1...>",
      "who can read it; repeatable (default: replacement.archive.recipients of its file, or of another version's)",
      (value: string, before: readonly string[] = []) => [...before, value],
    )
    .addHelpText(
      "after",
      `
The cluster must be running: a master is asked for the snapshot. Nothing of the cluster is changed.

  $ age-keygen -o identity.txt       (keep it elsewhere; its public key goes into the YAML)
  $ landfall archive prod-v1
  $ landfall archive verify .landfall/archive/prod-v1-*.tar.age --identity identity.txt
`,
    )
    .action(
      run(async (invocation, name: string, options: { out?: string; recipient?: readonly string[] }) =>
        (await commands()).archiveCommand(invocation, name, options),
      ),
    );
  archive
    .command("verify")
    .description("prove that an archive can be restored: decrypt it, check every part; writes nothing")
    .argument("<file>", "the archive")
    .addOption(identity())
    .action(
      run(async (invocation, file: string, options: { identity?: string }) =>
        (await commands()).archiveVerifyCommand(invocation, file, options),
      ),
    );
  archive
    .command("restore")
    .description("write an archive's parts into a folder, and say what to do with them")
    .argument("<file>", "the archive")
    .addOption(identity())
    .requiredOption("--to <folder>", "where to; it must not exist, or be empty")
    .addHelpText("after", "\n  $ landfall archive restore prod-v1.tar.age --identity identity.txt --to old\n")
    .action(
      run(async (invocation, file: string, options: { identity?: string; to: string }) =>
        (await commands()).archiveRestoreCommand(invocation, file, options),
      ),
    );
}

function addBootCommands(program: Command, run: Runner): void {
  const boot = program.command("boot").description("Landfall's own boot service");
  boot
    .command("machines")
    .description(
      "what the boot services of all sites know of their machines: what is installed, and what is ordered",
    )
    .action(
      run(async (invocation) =>
        (await import("./commands/boot-machines.ts")).bootMachinesCommand(invocation),
      ),
    );
  boot
    .command("release")
    .description("let go of a machine whose disk was replaced or emptied by hand; touches no disk")
    .argument("<machine>", "its name")
    .addHelpText("after", "\n  $ landfall boot release w1\n")
    .action(
      run(async (invocation, name: string) =>
        (await import("./commands/boot-machines.ts")).bootReleaseCommand(invocation, name),
      ),
    );
  boot
    .command("rescue")
    .description("order one boot of a system in memory for a machine in service; its disk is left alone")
    .argument("<machine>", "its name")
    .addHelpText("after", "\n  $ landfall boot rescue w1\n")
    .action(
      run(async (invocation, name: string) =>
        (await import("./commands/boot-machines.ts")).bootRescueCommand(invocation, name),
      ),
    );
  boot
    .command("nginx")
    .description("print an nginx.conf that serves a site's kernels and images, where boot.assetsUrl says so")
    .argument("<site>", "the site's name")
    .option("--state <dir>", "absolute path of a folder for nginx's own files", "/run/landfall-nginx")
    .option("--service <host:port>", "a boot service that gets all other paths; left out: they are 404")
    .addHelpText("after", "\n  $ landfall boot nginx rack1 >/etc/nginx/nginx.conf\n")
    .action(
      run(async (invocation, site: string, options: { state: string; service?: string }) =>
        (await import("./commands/boot-nginx.ts")).bootNginxCommand(invocation, site, options),
      ),
    );
  boot
    .command("serve")
    .description("serve boot scripts, Ignition configs, metadata and images, as Matchbox 0.11 does")
    .argument("[flags...]", "Matchbox's own flags, in Go's spelling, and Landfall's")
    .allowUnknownOption()
    .addHelpText(
      "after",
      () => `\nFlags, and the variables that stand in for them:\n${describeFlags(bootFlags)}\n`,
    )
    .addHelpText(
      "after",
      "\n  $ landfall boot serve -address=10.0.0.1:8080 -rpc-address=10.0.0.1:8081 -data-path=/var/lib/matchbox\n",
    )
    .action(
      run(async (invocation, flags: string[]) =>
        (await import("./commands/boot.ts")).bootServeCommand(invocation, flags),
      ),
    );
}

function addReleaseCommands(program: Command, run: Runner): void {
  const release = program.command("release").description("what clusters are made of");
  release
    .command("list")
    .description("the known releases, and which of them are built")
    .action(
      run(async (invocation) => (await import("./commands/release.ts")).releaseListCommand(invocation)),
    );
  release
    .command("build")
    .description("build a release from its pinned sources; a second time comes from the cache")
    .argument("[version]", "Kubernetes version, as 1.34.1 (default: the first known one)")
    .addHelpText("after", "\n  $ landfall release build 1.35.1\n")
    .action(
      run(async (invocation, version: string | undefined) =>
        (await import("./commands/release.ts")).releaseBuildCommand(invocation, version),
      ),
    );
  release
    .command("publish")
    .description("put a cluster's release where its boot service serves it")
    .argument("<cluster>", "NAME-VERSION, as lab-v1")
    .action(
      run(async (invocation, name: string) =>
        (await import("./commands/release.ts")).releasePublishCommand(invocation, name),
      ),
    );
}

function addLabCommands(program: Command, run: Runner): void {
  const lab = program
    .command("lab")
    .description("the virtual rack: sets this computer up, builds what is missing, lands a cluster")
    .addHelpText("after", "\n  $ npm run lab\n  $ npm run lab -- down\n");
  const site = () => new Option("--site <name>", "which site it plays").default("lab");
  const commands = () => import("./commands/lab.ts");
  lab
    .command("land", { isDefault: true })
    .description("all of it: set-up, rack, cluster (the default)")
    .addOption(site())
    .option("--cluster <id>", "the cluster to land", "lab-v1")
    .action(
      run(async (invocation, options: { site: string; cluster: string }) =>
        (await commands()).labCommand(invocation, options),
      ),
    );
  lab
    .command("setup")
    .description("only the set-up: packages, tools, and the releases of all clusters in clusters/")
    .option("--tests", "with what `npm test` needs besides")
    .action(
      run(async (invocation, options: { tests?: boolean }) =>
        (await commands()).labSetupCommand(invocation, options),
      ),
    );
  lab
    .command("up")
    .description("only the rack: network, boot service, BMCs; all machines off")
    .addOption(site())
    .action(
      run(async (invocation, options: { site: string }) =>
        (await commands()).labUpCommand(invocation, options),
      ),
    );
  lab
    .command("down")
    .description("take the rack down, disks too; nothing is left of it")
    .addOption(site())
    .action(
      run(async (invocation, options: { site: string }) =>
        (await commands()).labDownCommand(invocation, options),
      ),
    );
  lab
    .command("status")
    .description("machines, services, and what they cost")
    .addOption(site())
    .action(
      run(async (invocation, options: { site: string }) =>
        (await commands()).labStatusCommand(invocation, options),
      ),
    );
  lab
    .command("cut")
    .description("cut the power of machines, all at the same moment")
    .argument("<machine...>", "names of machines")
    .addOption(site())
    .action(
      run(async (invocation, machines: string[], options: { site: string }) =>
        (await commands()).labCutCommand(invocation, machines, options),
      ),
    );
  lab
    .command("faults")
    .description("make the rack's BMCs fail and lie, or stop that")
    .addArgument(new Argument("<action>", "what to do").choices(["on", "off"]))
    .option("--errors <share>", "share of calls that fail: an error, a broken connection, no answer", "0.2")
    .option("--lies <share>", "share of changes that are claimed and not done", "0.1")
    .option("--seed <number>", "the same seed makes the same faults", "1")
    .addOption(site())
    .action(
      run(async (invocation, action: string, options: FaultOptions) =>
        (await commands()).labFaultsCommand(invocation, action, options),
      ),
    );
  lab
    .command("service")
    .description("stop or start a service of the rack: dhcp, boot or relay")
    .addArgument(new Argument("<action>", "what to do").choices(["start", "stop"]))
    .argument("<name>", "dhcp, boot or relay")
    .addOption(site())
    .action(
      run(async (invocation, action: string, name: string, options: { site: string }) =>
        (await commands()).labServiceCommand(invocation, action, name, options),
      ),
    );
}
