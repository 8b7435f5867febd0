// The life of one cluster in one rack, from harmless to destructive: each story begins where the one before ended.
import { beforeEach } from "vitest";
import { useRack } from "./harness/story.ts";
import { comeAndGo, deployAgain } from "./stories/changes.ts";
import { cost } from "./stories/cost.ts";
import { destroy } from "./stories/destroy.ts";
import { landing } from "./stories/landing.ts";
import { networkPolicy } from "./stories/policy.ts";
import { allMastersDie, oneMasterDies } from "./stories/power.ts";
import { aWorkerDies } from "./stories/worker-dies.ts";

const rack = useRack({
  name: "life",
  machines: ["m1", "m2", "m3", "w1", "w2", "w3"],
  clusters: { "lab-v1": { masters: ["m1", "m2", "m3"], workers: ["w1", "w2"] } },
});

landing(rack);
cost(rack);
networkPolicy(rack);
aWorkerDies(rack);
deployAgain(rack);
comeAndGo(rack);
oneMasterDies(rack);
allMastersDie(rack);
destroy(rack);

// What never landed has no other stories: they would only wait for it.
let broken: string | undefined;
beforeEach(({ task, onTestFailed }) => {
  if (broken !== undefined) throw new Error(`the cluster did not land: ${broken}`);
  onTestFailed(() => {
    if (task.name.startsWith("lands")) broken = task.name;
  });
});
