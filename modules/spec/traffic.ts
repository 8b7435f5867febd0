// The part of a cluster's `replacement` that says how people's traffic is steered.
import { z } from "zod";

/** What stands where nothing is written. */
export const trafficDefaults = {
  /** Seconds: as long as most clients and proxies keep an idle connection. */
  drain: 60,
  /** Seconds that a cluster gets until it answers, and a shift until it is read back. */
  timeout: 300,
  shares: "any",
  dnsPort: 53,
  dnsProbePort: 443,
  /** Seconds: routers spread a route in less. */
  bgpSettle: 10,
} as const;

const command = z.array(z.string()).min(1);
const path = z.string().min(1);
const port = z.int().min(1).max(65535);
/** NAMESPACE/NAME. */
export const serviceName = z
  .string()
  .regex(/^[a-z0-9][-a-z0-9]*\/[a-z0-9][-a-z0-9]*$/, "NAMESPACE/NAME of a Service, as ingress/nginx");
const address = z.union([z.ipv4(), z.ipv6()], { error: "an IP address, as 10.20.0.11" });

/** What every driver has. */
const common = {
  ready: command
    .optional()
    .describe(
      "Exits 0 once the cluster `{cluster}` answers as it should. Asked of each cluster that is to get traffic, again and again, before anything is moved. Left out: what the driver itself can see, if anything.",
    ),
  timeout: z.int().min(1).max(86_400).optional().meta({
    description: "Seconds that `ready` gets, and a shift until it is read back.",
    default: trafficDefaults.timeout,
  }),
  drain: z
    .strictObject({
      seconds: z.int().min(0).max(86_400).optional().meta({
        description:
          "Seconds that a cluster goes on serving the connections it has, once it gets no new ones.",
        default: trafficDefaults.drain,
      }),
      start: command
        .optional()
        .describe(
          "Tells the cluster `{cluster}`, which is to lose all traffic, to end connections gently: by `Connection: close` and HTTP/2's GOAWAY. May be run again. Left out: nobody is told.",
        ),
      stop: command
        .optional()
        .describe(
          "Takes `start` back in the cluster `{cluster}`, before it gets traffic. May be run where there was no `start`. Left out: nothing is run.",
        ),
    })
    .optional()
    .describe("How connections end in the cluster that loses the traffic."),
};

const commandDriver = z
  .strictObject({
    driver: z.literal("command").describe("Your commands."),
    show: command.describe(
      "Prints the share of the traffic that goes to `{to}` now, read from what steers it: a whole number from 0 to 100.",
    ),
    shift: command.describe(
      "Sends `{share}` percent of new connections to the cluster `{to}`, the rest to `{from}`. `show` is asked until it is so. May be run again.",
    ),
    shares: z.enum(["any", "all-or-nothing"]).optional().meta({
      description: "Which shares it can do.",
      default: trafficDefaults.shares,
    }),
    ...common,
  })
  .describe(
    "Commands of your own, run without a shell in the project's folder: a load balancer's, a cloud's. `{from}` and `{to}` stand for the clusters as NAME-VERSION, blue and green, also on the way back.",
  );

const dnsDriver = z
  .strictObject({
    driver: z.literal("dns").describe("A name's addresses, by dynamic updates (RFC 2136)."),
    server: address.describe(
      "Address of the zone's primary server: it takes the updates, and is asked what holds.",
    ),
    port: port.optional().meta({ description: "Its port, TCP and UDP.", default: trafficDefaults.dnsPort }),
    zone: z.string().describe("The zone that is updated, as `example.com`."),
    name: z
      .string()
      .describe(
        "The name that people use, as `www.example.com`; in the zone, and with addresses. Its TTL stays as it is.",
      ),
    from: z.array(address).min(1).describe("Where the older cluster is reached."),
    to: z.array(address).min(1).describe("Where this one is reached."),
    key: z
      .strictObject({
        file: path.optional().describe("File holding it, relative to this file."),
        env: z.string().min(1).optional().describe("Environment variable holding it."),
        command: command.optional().describe("Command that prints it, run in the project's folder."),
      })
      .describe(
        "Where to find the TSIG key: exactly one of `file`, `env`, `command`. As `tsig-keygen` prints it, or `ALGORITHM:NAME:SECRET`. Never the secret itself.",
      ),
    probePort: port.optional().meta({
      description: "TCP port at which every address of a cluster has to answer before the name leads there.",
      default: trafficDefaults.dnsProbePort,
    }),
    ...common,
  })
  .describe(
    "A and AAAA records of one name, changed by `nsupdate` (Debian's package bind9-dnsutils) in one atomic update. Shares between 0 and 100 come from records of both clusters, and are as even as resolvers and clients choose.",
  );

const bgpDriver = z
  .strictObject({
    driver: z.literal("bgp").describe("Routes, announced by kube-router."),
    service: serviceName.describe("The Service that people reach, as `NAMESPACE/NAME`, in both clusters."),
    address: address.describe(
      "The address that people use: one of the Service's `spec.externalIPs`, in both clusters.",
    ),
    arrived: command
      .optional()
      .describe(
        "Exits 0 once the routers have a route to the cluster `{cluster}`. Asked after it has announced the address, before the other one stops. Left out: `settle` is waited.",
      ),
    settle: z.int().min(0).max(3600).optional().meta({
      description: "Seconds that routers get to learn of a change.",
      default: trafficDefaults.bgpSettle,
    }),
    ...common,
  })
  .describe(
    "One address, announced to the site's routers (`network.bgp`) by the nodes of both clusters for a moment, then by one. All or nothing, and open connections are cut: `drain.start` is run before.",
  );

const addressDriver = z
  .strictObject({
    driver: z.literal("address").describe("An address of the masters' network, moved by VRRP."),
    address: z
      .ipv4({ error: "an IPv4 address, as 10.20.0.150" })
      .describe("The address that people use: one of `network.addresses`, in the files of both clusters."),
    ...common,
  })
  .describe(
    "One address of a layer-2 network, held by a master of one of the clusters, without a router's help. All or nothing, and open connections are cut: `drain.start` is run before.",
  );

export const trafficSchema = z
  .discriminatedUnion("driver", [commandDriver, dnsDriver, bgpDriver, addressDriver])
  .describe(
    "How people's traffic comes from the older cluster to this one, and back: `landfall cutover`. Its `driver`, and what that needs.",
  );

export type TrafficSpec = z.infer<typeof trafficSchema>;
