// Fills the store given as argument, for tests that run several at once or kill them.
import { examplePlan } from "../example-plan.ts";
import { ensurePki } from "../index.ts";

const [dir, workers] = process.argv.slice(2) as [string, string];
let issued = 0;
const pki = ensurePki(examplePlan(1, Number(workers)), dir, new Date(), {
  onIssued: () => {
    issued += 1;
  },
});
process.stdout.write(JSON.stringify({ issued, pki }));
