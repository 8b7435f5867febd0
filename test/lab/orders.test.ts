// What orders are for: a machine in service is not installed again, whoever asks, whatever its firmware does.
import { useRack } from "./harness/story.ts";
import { orders } from "./stories/orders.ts";

const rack = useRack({
  name: "orders",
  machines: ["m1", "w1", "w2"],
  assets: "nginx",
  clusters: { "lab-v1": { masters: ["m1"], workers: ["w1"] } },
});

orders(rack, 3);
