// The part of a cluster's `replacement` that says how people's traffic is steered.
import { z } from "zod";

/** What stands where nothing is written. */
export const trafficDefaults = {
  /** Seconds: as long as most clients and proxies keep an idle connection. */
  drain: 60,
  /** Seconds that a cluster gets until it answers, and a shift until it is read back. */
  timeout: 300,
  shares: "any",
} as const;

const command = z.array(z.string()).min(1);

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

export const trafficSchema = z
  .discriminatedUnion("driver", [commandDriver])
  .describe(
    "How people's traffic comes from the older cluster to this one, and back: `landfall cutover`. Its `driver`, and what that needs.",
  );

export type TrafficSpec = z.infer<typeof trafficSchema>;
