// The one source of what people may write: types, JSON Schema and reference docs all come from here.
// Rules that look at more than one value (duplicates, overlaps, claims) are in rules.ts.
import { z } from "zod";
import { replacementSchema } from "./replacement.ts";
import { serviceName } from "./traffic.ts";

/** What stands where nothing is written: the schema tells people, the plan fills it in. */
export const defaults = {
  siteFile: "site.yaml",
  endpointPort: 6443,
  pods: "10.42.0.0/16",
  services: "10.43.0.0/16",
  domain: "cluster.local",
  /** Seconds. */
  bootTimeout: 1800,
  /** Seconds. */
  readyTimeout: 3600,
  /** Seconds, as the boot service's own. */
  softInstall: 1800,
  /** Seconds. */
  softReboot: 2400,
  /** Seconds. */
  softJoin: 3600,
  fileMode: 0o644,
  schedulableMasters: false,
  retireDisks: "keep",
  /** Machines. */
  powerAtOnce: 20,
  /** Seconds. */
  powerStagger: 0,
  ipmiPort: 623,
  ipmiInterface: "lanplus",
  ipmiPrivilege: "administrator",
  /** Everybody on the network. */
  wolBroadcast: "255.255.255.255",
  wolPort: 9,
  /** SSH: refused or not, an answer is an answer. */
  probePort: 22,
  /** Seconds: a server's firmware takes minutes. */
  wolPatience: 600,
  /** Seconds: a person walks to the rack. */
  manualPatience: 3600,
  labKind: "nspawn",
  /** MiB. */
  labMemory: 2048,
  labFirmware: "bios",
  /** Shares of calls. */
  labBmcErrors: 0.2,
  labBmcLies: 0.1,
  labBmcSeed: 1,
} as const;

const asn = z
  .int()
  .min(1)
  .max(4_294_967_294)
  .describe("The nodes' number of an autonomous system, as 64513.");

/** RFC 1123 label: what Kubernetes accepts as a node name part, and DNS as one label. */
const label = z
  .string()
  .regex(
    /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/,
    "a DNS label: 1-63 of a-z, 0-9 and '-', beginning and ending with a letter or digit",
  );
const mac = z
  .string()
  .regex(
    /^[0-9a-fA-F]{2}([:-][0-9a-fA-F]{2}){5}$/,
    "a MAC address: six pairs of hex digits joined with ':', as 52:54:00:12:34:56",
  );
const address = z.union([z.ipv4(), z.ipv6()], { error: "an IP address, as 10.20.0.11" });
const cidr = z.union([z.cidrv4(), z.cidrv6()], { error: "a range of addresses, as 10.20.0.0/24" });
const url = z.url({ protocol: /^https?$/, error: "a URL that begins with http:// or https://" });
const path = z.string().min(1);
const place = z.string().min(1).max(63);
const labels = z.record(z.string(), z.string());

const credentials = z
  .strictObject({
    file: path.optional().describe("File holding `user:password`, relative to this file."),
    env: z.string().min(1).optional().describe("Environment variable holding `user:password`."),
    command: z.array(z.string()).min(1).optional().describe("Command that prints `user:password`."),
  })
  .describe(
    "Where to find `user:password`: exactly one of `file`, `env`, `command`. Never the secret itself. Left out, where it may be: none is asked for.",
  );

const port = z.int().min(1).max(65535);
const seconds = z.int().min(1).max(86_400);
const firmware = z
  .enum(["bios", "uefi"])
  .optional()
  .describe("What kind of network boot is ordered. Left out: the BMC's own choice.");
const command = z.array(z.string()).min(1);
const probePort = port.optional().meta({
  description: "TCP port at the machine's address: it is on when it answers there, be it with a refusal.",
  default: defaults.probePort,
});

const redfish = z
  .strictObject({
    driver: z.literal("redfish").describe("HTTP, to the BMC."),
    url: url.describe(
      "The Redfish ComputerSystem, as `http://bmc/redfish/v1/Systems/1`. No other machine's.",
    ),
    credentials: credentials.optional(),
    tls: z
      .strictObject({
        ca: path.optional().describe("PEM file of the authority that signed it, relative to this file."),
        fingerprint: z
          .string()
          .regex(
            /^[0-9a-fA-F]{2}(:?[0-9a-fA-F]{2}){31}$/,
            "a SHA-256 fingerprint: 64 hex digits, as openssl prints it",
          )
          .optional()
          .describe(
            "SHA-256 of the certificate itself, for one that the BMC signed for itself: `openssl s_client -connect BMC:443 </dev/null | openssl x509 -noout -fingerprint -sha256`.",
          ),
      })
      .optional()
      .describe("Whom to trust as the BMC: one of `ca`, `fingerprint`. Left out: public authorities."),
    firmware,
  })
  .describe("A management controller that speaks Redfish.");

const ipmi = z
  .strictObject({
    driver: z.literal("ipmi").describe("RMCP+, to the BMC."),
    host: z
      .string()
      .regex(/^[0-9A-Za-z]([0-9A-Za-z.:-]*[0-9A-Za-z])?$/, "a host name or an IP address")
      .describe("The BMC's address. No other machine's."),
    port: port.optional().meta({ description: "Its UDP port.", default: defaults.ipmiPort }),
    interface: z
      .enum(["lanplus", "lan"])
      .optional()
      .meta({ description: "IPMI 2.0, or the unencrypted 1.5.", default: defaults.ipmiInterface }),
    cipherSuite: z
      .int()
      .min(1)
      .max(17)
      .optional()
      .describe(
        "Number of the cipher suite. Left out: the best that the BMC offers. Cipher suite 0 is refused: it asks for no password.",
      ),
    privilege: z
      .enum(["administrator", "operator"])
      .optional()
      .meta({ description: "Privilege level that is asked for.", default: defaults.ipmiPrivilege }),
    credentials,
    firmware,
  })
  .describe("A management controller that speaks IPMI over the network; through `ipmitool`.");

const wol = z
  .strictObject({
    driver: z.literal("wol").describe("Wake-on-LAN, to the machine."),
    broadcast: z.ipv4("an IPv4 address, as 10.20.0.255").optional().meta({
      description: "Where magic packets are sent: the broadcast address of the machine's network.",
      default: defaults.wolBroadcast,
    }),
    port: port.optional().meta({ description: "UDP port of magic packets.", default: defaults.wolPort }),
    off: command
      .optional()
      .describe(
        "Command that switches the machine off, as `[ssh, 'root@{address}', poweroff]`. Left out: it cannot be switched off from here, and who asks for it is told so.",
      ),
    probePort,
    patience: seconds.optional().meta({
      description: "Seconds that it gets until it answers, its firmware's start included.",
      default: defaults.wolPatience,
    }),
  })
  .describe(
    "No controller: magic packets to the machine's MAC switch it on. Its firmware has to start from the network first. It counts as off when it does not answer.",
  );

const exec = z
  .strictObject({
    driver: z.literal("exec").describe("Your commands."),
    state: command.describe("Prints `on` or `off`."),
    on: command.describe("Switches the machine on. `state` is asked until it is."),
    off: command.describe("Cuts the power. `state` is asked until it is off."),
    networkBoot: command
      .optional()
      .describe("Orders one start from the network. Left out: its firmware starts from the network first."),
    nextBoot: command
      .optional()
      .describe(
        "Prints `network` when that is ordered, so that it can be read back. Left out: `networkBoot` is believed.",
      ),
    console: command
      .optional()
      .describe("Prints what the machine's serial console showed. Left out: there is none."),
  })
  .describe(
    "Commands of your own, run without a shell in this file's folder. `{name}`, `{mac}` and `{address}` in an argument stand for the machine's.",
  );

const manual = z
  .strictObject({
    driver: z.literal("manual").describe("Your hands."),
    probePort,
    patience: seconds.optional().meta({
      description: "Seconds that the person gets.",
      default: defaults.manualPatience,
    }),
  })
  .describe(
    "A person at the machine: it is said what to do, and waited until it is done. It counts as off when it does not answer.",
  );

const bmc = z
  .discriminatedUnion("driver", [redfish, ipmi, wol, exec, manual])
  .describe("How the machine's power is controlled: its `driver`, and what that needs.");

const machine = z.strictObject({
  name: label.describe("Host name and node name. Unique in the site; everything is keyed by it."),
  mac: mac.describe("MAC of the interface that boots. Any case, joined with `:` or `-`."),
  address: address.describe("Address on the network, without prefix length."),
  network: label.optional().describe("Which of `networks` it is on. May be left out when there is only one."),
  bmc,
  disk: z
    .string()
    .startsWith("/dev/", "a device, as /dev/sda")
    .optional()
    .describe("Disk to install to. Left out: no disk, root in memory."),
  rack: place.optional().describe("The rack that it stands in, as people call it. Shown where machines are."),
  position: place.optional().describe("Where in the rack, as `U12`."),
  labels: labels.optional().describe("Kubernetes node labels that tell of the hardware."),
});

const network = z.strictObject({
  name: label.describe("What a machine's `network` names."),
  cidr: cidr.describe("The network's range, as `10.20.0.0/24`. Networks do not overlap."),
  gateway: address.optional().describe("Default route of its machines. Left out: none."),
  dns: z.array(address).optional().describe("Resolvers that its machines ask. Left out: none."),
});

const labMachine = z.strictObject({
  name: label.describe("One of `machines`."),
  kind: z
    .enum(["nspawn", "qemu"])
    .optional()
    .meta({ description: "A container, or a machine with true firmware.", default: defaults.labKind }),
  memory: z
    .int()
    .min(512)
    .max(65536)
    .optional()
    .meta({ description: "MiB of memory; `qemu` only.", default: defaults.labMemory }),
  firmware: z
    .enum(["bios", "uefi"])
    .optional()
    .meta({ description: "What it starts with; `qemu` only.", default: defaults.labFirmware }),
});

export const siteSchema = z
  .strictObject({
    name: label.describe("The site's name. Unique among sites."),
    networks: z.array(network).min(1).describe("The networks that machines are on."),
    boot: z
      .strictObject({
        service: z
          .enum(["landfall", "matchbox"])
          .describe(
            "Which boot service answers the machines: Landfall's own, or Matchbox, which knows no orders.",
          ),
        http: url.describe("The service's HTTP endpoint as machines see it, as `http://10.20.0.1:8080`."),
        rpc: z.string().describe("The service's gRPC endpoint as Terraform sees it, `HOST:PORT`."),
        tls: z
          .strictObject({
            ca: path.describe("Certificate of the authority that signed the service's."),
            cert: path.describe("The client's certificate."),
            key: path.describe("The client's private key."),
          })
          .describe(
            "PEM files of the gRPC client, relative to this file. Only their paths reach Terraform's state.",
          ),
        page: url
          .optional()
          .describe(
            "Where people see machines boot: the page of Landfall's service, as this computer reaches it. Left out: nobody is told.",
          ),
        softTimeouts: z
          .strictObject({
            install: z.int().min(1).optional().meta({
              description: "Seconds from a machine's first boot request until it is installed.",
              default: defaults.softInstall,
            }),
            reboot: z.int().min(1).optional().meta({
              description:
                "Seconds from power-on, or from the end of the installation, until a machine is heard of.",
              default: defaults.softReboot,
            }),
            join: z.int().min(1).optional().meta({
              description: "Seconds from its system's start until its node is Ready.",
              default: defaults.softJoin,
            }),
          })
          .optional()
          .describe(
            "After how long people are told to look at a machine. The boot service does nothing else to it, and its order outlasts `reboot`.",
          ),
        assetsUrl: url
          .optional()
          .describe(
            "Another server of the same folder, as nginx, from which machines fetch kernel, initrd and images: `http://10.20.0.5:8090`. Left out: the boot service itself.",
          ),
        assets: path.describe(
          "Folder that the service serves as `/assets`; releases are put there. Relative to this file.",
        ),
      })
      .describe("The network boot service."),
    access: z
      .strictObject({
        proxy: url
          .optional()
          .describe("HTTP CONNECT proxy (a bastion) through which machines are reached. Left out: directly."),
      })
      .optional()
      .describe("How this computer reaches the machines."),
    machines: z.array(machine).min(1).describe("Every machine of the site; clusters claim them by name."),
    power: z
      .strictObject({
        atOnce: z.int().min(1).max(1000).optional().meta({
          description: "Machines that are being switched on at the same time.",
          default: defaults.powerAtOnce,
        }),
        stagger: z.int().min(0).max(600).optional().meta({
          description: "Seconds after a machine has come on until the next one takes its turn.",
          default: defaults.powerStagger,
        }),
      })
      .optional()
      .describe(
        "What the rack's breakers bear. Holds for all that this computer switches on, whichever commands do it.",
      ),
    state: z
      .strictObject({
        backend: z
          .enum(["local", "pg"])
          .describe(
            "`local`: a file below .landfall. `pg`: PostgreSQL, one schema a cluster version, locked; its connection string is read from PG_CONN_STR in the environment alone.",
          ),
      })
      .optional()
      .describe("Where Terraform keeps what it knows. Left out: `local`."),
    lab: z
      .strictObject({
        machines: z
          .array(labMachine)
          .optional()
          .describe("Machines that are played differently from the default."),
        bmcFaults: z
          .strictObject({
            errors: z.number().min(0).max(1).optional().meta({
              description: "Share of calls that fail: an error, a connection that breaks, or no answer.",
              default: defaults.labBmcErrors,
            }),
            lies: z.number().min(0).max(1).optional().meta({
              description: "Share of changes that are claimed and not done.",
              default: defaults.labBmcLies,
            }),
            seed: z.int().min(0).max(0x7fffffff).optional().meta({
              description: "The same seed makes the same faults.",
              default: defaults.labBmcSeed,
            }),
          })
          .optional()
          .describe("BMCs that fail and lie. Left out: they do as they are told."),
      })
      .optional()
      .describe("How the virtual rack plays this site's machines. Only `landfall lab` reads it."),
  })
  .describe("A site: its networks, boot service and machines.");

const taint = z.strictObject({
  key: z.string().min(1).describe("As `example.com/gpu`."),
  value: z.string().optional().describe("Left out: none."),
  effect: z
    .enum(["NoSchedule", "PreferNoSchedule", "NoExecute"])
    .describe("What happens to pods that do not tolerate it."),
});

const file = z.strictObject({
  path: z.string().startsWith("/", "an absolute path").describe("Absolute path on the machine."),
  contents: z.string().describe("Text. Not for secrets: Ignition configs are public."),
  mode: z
    .int()
    .min(0)
    .max(0o7777)
    .optional()
    .meta({ description: "Permissions; octal as `0o644`.", default: defaults.fileMode }),
});

const files = z.array(file).optional().describe("Files put on each machine at its install.");

export const clusterSchema = z
  .strictObject({
    name: label.describe("The cluster's name, the same for all its versions."),
    version: label.describe(
      "This version of the whole cluster, as `v2`. Stack and file are called `NAME-VERSION` and `NAME-VERSION.yaml`.",
    ),
    site: path
      .optional()
      .meta({ description: "The site's file, relative to this file.", default: defaults.siteFile }),
    kubernetes: z
      .string("a release of three numbers, as 1.34.1")
      .describe("Kubernetes release, as `1.34.1`. `landfall release list` shows the known ones."),
    endpoint: z
      .strictObject({
        address: address.describe("Virtual IP of the API on the masters' network, held by keepalived."),
        port: z.int().min(1).max(65535).optional().meta({
          description: "Port of the API at that address. The masters' own is always 6443.",
          default: defaults.endpointPort,
        }),
        names: z
          .array(z.string())
          .optional()
          .describe("DNS names of the API, put into its certificate. Left out: none."),
      })
      .describe("Where people reach the API."),
    masters: z
      .strictObject({
        machines: z
          .array(label)
          .min(1, "an odd number of machines: 1, 3, 5 or 7")
          .describe("Machine names: 1, 3, 5 or 7, all on one network."),
        labels: labels.optional().describe("Kubernetes labels of these nodes."),
        schedulable: z.boolean().optional().meta({
          description: "Whether ordinary pods run on masters.",
          default: defaults.schedulableMasters,
        }),
        files,
      })
      .describe("The control plane. All masters are alike; none is first."),
    pools: z
      .array(
        z.strictObject({
          name: label.describe("The pool's name. `masters` is taken."),
          machines: z
            .array(label)
            .min(1, "at least one machine")
            .describe(
              "Machine names. Those that another version of the cluster holds are left out until it hands them over.",
            ),
          labels: labels
            .optional()
            .describe("Kubernetes labels of these nodes; they win over those of the hardware."),
          taints: z.array(taint).optional().describe("Kubernetes taints of these nodes."),
          files,
        }),
      )
      .optional()
      .describe("Pools of workers: the machines of a pool share one profile and one Ignition config."),
    network: z
      .strictObject({
        pods: cidr.optional().meta({
          description: "Range of pods' addresses. Each node takes a /24 of it (IPv6: a /64).",
          default: defaults.pods,
        }),
        services: cidr
          .optional()
          .meta({ description: "Range of Services' addresses.", default: defaults.services }),
        domain: z
          .string()
          .optional()
          .meta({ description: "DNS domain inside the cluster.", default: defaults.domain }),
        addresses: z
          .array(
            z.strictObject({
              address: z
                .ipv4({ error: "an IPv4 address, as 10.20.0.150" })
                .describe("A free address of the masters' network."),
              service: serviceName.describe(
                "The Service that is reached there, as `NAMESPACE/NAME`: the address is one of its `spec.externalIPs`, and its annotation `landfall.local/address` says whether this cluster holds it.",
              ),
            }),
          )
          .optional()
          .describe(
            "Addresses of Services on the masters' network (layer 2): one master answers for each, by VRRP, in one of the clusters that name it. Masters know them from their landing on. Left out: none. See docs/traffic.md.",
          ),
        bgp: z
          .strictObject({
            asn,
            routers: z
              .array(
                z.strictObject({
                  address: address.describe("Its address, in the machines' network."),
                  asn: asn.describe("Its number of an autonomous system."),
                }),
              )
              .min(1)
              .describe("Routers that every node calls on TCP port 179."),
          })
          .optional()
          .describe(
            'Routers of the site that learn from every node the way to external addresses of Services that have the annotation `kube-router.io/service.advertise.externalip: "true"`. Left out: nodes only talk to each other.',
          ),
      })
      .optional()
      .describe("The network inside the cluster. Its ranges overlap nothing of the site."),
    timeouts: z
      .strictObject({
        boot: z.int().min(1).optional().meta({
          description: "Seconds from power-on until a machine answers.",
          default: defaults.bootTimeout,
        }),
        ready: z.int().min(1).optional().meta({
          description: "Seconds until the health conditions hold.",
          default: defaults.readyTimeout,
        }),
      })
      .optional()
      .describe("How long to wait."),
    retire: z
      .strictObject({
        disks: z.enum(["keep", "wipe"]).optional().meta({
          description:
            "`keep`: marked as free, data stays until the next install. `wipe`: emptied through one more network boot, and looked at again; wants `boot.service: landfall`.",
          default: defaults.retireDisks,
        }),
      })
      .optional()
      .describe("What becomes of machines that leave the cluster, or lose it."),
    replacement: replacementSchema.optional(),
    ssh: z
      .strictObject({
        authorizedKeys: z.array(z.string()).optional().describe("Public keys, one a line of a `.pub` file."),
      })
      .optional()
      .describe("Who may log in as root. Left out: nobody; Landfall's own key may only deliver."),
  })
  .describe("One version of one cluster.");

export type Site = z.infer<typeof siteSchema>;
export type Cluster = z.infer<typeof clusterSchema>;
export type Machine = z.infer<typeof machine>;
export type FileSpec = z.infer<typeof file>;
export type Taint = z.infer<typeof taint>;
export type Bmc = z.infer<typeof bmc>;
export type CredentialsSource = z.infer<typeof credentials>;
