// Machines that Landfall knows, each with an order.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import PQueue from "p-queue";
import { bootClient } from "../../../modules/boot/index.ts";
import type { Matchbox } from "../../support/matchbox.ts";
import { macOf } from "./rack.ts";

/** Registers and arms so many of the rack's machines, as their deploys would. */
export async function orderAll({ rpc, tls }: Matchbox, machines: number): Promise<void> {
  const pem = (name: string) => readFileSync(join(tls, name), "utf8");
  const client = bootClient({
    endpoint: rpc,
    ca: pem("ca.crt"),
    cert: pem("client.crt"),
    key: pem("client.key"),
  });
  const order = {
    cluster: "bench-v1",
    generation: "0123456789abcdef",
    kind: "install",
    seconds: 3600,
  } as const;
  const queue = new PQueue({ concurrency: 20 });
  await queue.addAll(
    Array.from({ length: machines }, (_, index) => async () => {
      const mac = macOf(index);
      await client.register({
        mac,
        name: `m${index}`,
        site: "bench",
        rack: `R${Math.floor(index / 40)}`,
        position: `U${(index % 40) + 1}`,
      });
      await client.arm({ mac, ...order });
    }),
  );
  client.close();
}
