// A landing on a rack whose BMCs fail, hang and lie.
import { useRack } from "./harness/story.ts";
import { lyingBmcs } from "./stories/lying-bmcs.ts";

const masters = ["m1", "m2", "m3"];
const workers = ["w1", "w2", "w3", "w4", "w5", "w6", "w7"];

const rack = useRack({
  name: "liars",
  machines: [...masters, ...workers],
  clusters: { "lab-v1": { masters, workers } },
});

lyingBmcs(rack);
