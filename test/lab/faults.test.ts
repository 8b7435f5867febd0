// Landings in which something goes wrong.
import { useRack } from "./harness/story.ts";
import { deadMachines } from "./stories/dead-machines.ts";
import { kills } from "./stories/kills.ts";

const rack = useRack({
  name: "faults",
  machines: ["m1", "m2", "m3", "w1", "w2"],
  clusters: {
    "lab-v1": {
      masters: ["m1", "m2", "m3"],
      workers: ["w1", "w2"],
      timeouts: { boot: 90, ready: 240 },
    },
  },
});

deadMachines(rack);
kills(rack);
