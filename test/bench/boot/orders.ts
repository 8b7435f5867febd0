// Machines that Landfall knows, each with an order.
import PQueue from "p-queue";
import { clientOf } from "../../support/boot-client.ts";
import type { Matchbox } from "../../support/matchbox.ts";
import { macOf } from "./rack.ts";

/** Registers and arms so many of the rack's machines, as their deploys would. */
export async function orderAll(service: Matchbox, machines: number): Promise<void> {
  const client = clientOf(service);
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
