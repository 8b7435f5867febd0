// `node test/lab/picture.ts` makes docs/images/replacement.svg and replacement.png: a cluster is replaced in the lab, as the
// example says, while the terminal is recorded; and the live page in the middle of it. It takes three minutes, and root.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import type { ReplacementSpec } from "../../modules/spec/index.ts";
import { openBrowser } from "../support/browser.ts";
import { type Recorded, record, recordingSvg } from "../support/recording.ts";
import { repository } from "./harness/project.ts";
import { openRack, type Rack } from "./harness/rack.ts";
import { applyObjects, webImage } from "./support/objects.ts";

const columns = 104;
const images = join(repository, "docs/images");
const example: {
  masters: { machines: string[] };
  pools: { machines: string[] }[];
  replacement: ReplacementSpec;
} = parse(readFileSync(join(repository, "clusters/examples/lab-v2.yaml"), "utf8"));
const workers = example.pools.flatMap(({ machines }) => machines);
const rack = await openRack({
  name: "rack",
  machines: ["m1", "m2", "m3", ...example.masters.machines, ...workers],
  clusters: {
    "lab-v1": { masters: ["m1", "m2", "m3"], workers },
    "lab-v2": { masters: example.masters.machines, workers, endpoint: 20 },
  },
});
try {
  placed(rack);
  rack.editCluster("lab-v2", (file) => {
    // What stands for a load balancer is in the folder of the example's lab.
    const text = JSON.stringify(example.replacement).replaceAll(".landfall/lab/lab/", ".landfall/lab/rack/");
    file.replacement = JSON.parse(text);
  });
  await rack.landfall("deploy", "lab-v1");
  await work(rack);
  const { lines, exitCode, seconds } = await replaced(rack);
  if (exitCode !== 0) throw new Error(`it ended with ${exitCode}`);
  console.log(`lab-v1 was replaced in ${seconds.toFixed(0)} s`);
  const label = "Recording of a replacement: landfall upgrade lab --to v2";
  const svg = recordingSvg(lines, { label, columns, rows: 46, speed: 4 });
  writeFileSync(join(images, "replacement.svg"), svg);
} finally {
  await rack.down();
}

/** Where the example's machines of these names stand. */
function placed({ project }: Rack): void {
  type Site = { machines: { name: string; rack?: string; position?: string }[] };
  const file = join(project.root, "clusters/site.yaml");
  const site: Site = parse(readFileSync(file, "utf8"));
  const example: Site = parse(readFileSync(join(repository, "clusters/site.yaml"), "utf8"));
  const machines = site.machines.map((machine) => {
    const { rack, position } = example.machines.find(({ name }) => name === machine.name) ?? {};
    return { ...machine, rack, position };
  });
  writeFileSync(file, stringify({ ...site, machines }));
}

/** Somebody's work, which moves. */
async function work(rack: Rack): Promise<void> {
  const api = await rack.api("lab-v1");
  const labels = { app: "shop" };
  const image = await webImage(api);
  const containers = [{ name: "web", image, imagePullPolicy: "Never" }];
  const objects = [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: "shop" } },
    {
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "shop", namespace: "shop" },
      spec: {
        replicas: 2,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers } },
      },
    },
  ];
  await applyObjects(rack, "lab-v1", objects);
  await rack.kubectl("lab-v1", ["rollout", "status", "--namespace=shop", "deployment/shop", "--timeout=60s"]);
}

async function replaced(rack: Rack): Promise<Recorded> {
  const browser = await openBrowser();
  try {
    const { page } = await browser.visit(`http://127.0.0.1:${rack.project.ports.page}/`, {
      viewport: { width: 1040, height: 900 },
      // No bar is caught while it grows.
      reducedMotion: "reduce",
    });
    await page.getByText("live", { exact: true }).waitFor();
    let pictures = Promise.resolve();
    const picture = async () => {
      await page.getByText("lab-v2 20%").waitFor();
      await page.screenshot({ path: join(images, "replacement.png"), fullPage: true });
    };
    const bin = join(repository, "node_modules/.bin");
    const command = "landfall upgrade lab --to v2";
    const recorded = await record(command, {
      cwd: rack.project.root,
      columns,
      env: { ...process.env, PATH: `${bin}:${process.env.PATH}`, CHECKPOINT_DISABLE: "1" },
      onLine: (text) => {
        console.log(text);
        if (text.endsWith("lab-v2     has 20 %")) pictures = picture();
      },
    });
    await pictures;
    return { ...recorded, lines: [{ at: 0, text: `$ npx ${command}` }, ...recorded.lines] };
  } finally {
    await browser.close();
  }
}
