// A migration between two real clusters of two releases: etcd, apiserver and controllers, without nodes.
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type Api, applyManifests, getJson } from "../kubernetes/index.ts";
import { type ExampleCluster, startCluster } from "./example-cluster.ts";
import { contestedPort, localWork, work } from "./example-objects.ts";
import {
  awaitWork,
  migrate,
  moveVolumes,
  planMigration,
  settleVolumes,
  undoMigration,
  waitForConditions,
} from "./index.ts";
import { at, type KubeObject, listOf, numberAt, textAt } from "./objects.ts";
import type { MigrationOptions, Outcome } from "./types.ts";

const seconds = 1000;

describe("a migration", { timeout: 240 * seconds }, () => {
  let clusters: readonly ExampleCluster[] = [];
  let blue: Api;
  let green: Api;
  const options = (more: Partial<MigrationOptions> = {}): MigrationOptions => ({
    from: blue,
    to: green,
    timeoutSeconds: 60,
    settings: { volumes: { local: "leave", timeout: 60 } },
    ...more,
  });

  const get = async (api: Api, path: string) => (await getJson<KubeObject>(api, path)).value;
  const there = async (api: Api, path: string) => (await api.request({ path })).status === 200;
  const shop = (kind: string, name: string) => `/api/v1/namespaces/shop/${kind}/${name}`;
  const app = (kind: string, name: string) => `/apis/apps/v1/namespaces/shop/${kind}/${name}`;
  const replicas = async (api: Api, path: string) => numberAt(await get(api, path), "spec", "replicas");
  const cronJob = "/apis/batch/v1/namespaces/shop/cronjobs/report";
  const suspended = async (api: Api) => at(await get(api, cronJob), "spec", "suspend") ?? false;
  const claimPhase = async (api: Api, name: string) =>
    textAt(await get(api, shop("persistentvolumeclaims", name)), "status", "phase");
  const pods = async (api: Api, name: string) =>
    (await getJson<{ items: KubeObject[] }>(api, `/api/v1/namespaces/shop/pods?labelSelector=app%3D${name}`))
      .value.items;
  const until = (what: string, holds: () => Promise<boolean>) =>
    vi.waitFor(
      async () => {
        if (!(await holds())) throw new Error(`waited for: ${what}`);
      },
      { timeout: 60 * seconds, interval: 100 },
    );

  beforeAll(async () => {
    clusters = await Promise.all([
      startCluster({ kubernetes: "1.34.1", services: "10.43.0.0/16" }),
      startCluster({
        kubernetes: "1.35.1",
        services: "10.53.0.0/16",
        // What blue prefers is not there: its autoscalers travel as v1.
        flags: ["--runtime-config=autoscaling/v2=false"],
      }),
    ]);
    [blue, green] = clusters.map(({ api }) => api) as [Api, Api];
    await applyManifests({ client: blue, manifests: work, timeoutSeconds: 60 });
    const widget = await get(blue, "/apis/example.test/v1/namespaces/shop/widgets/one");
    const owned = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: {
        name: "made-by-widget",
        namespace: "shop",
        ownerReferences: [
          { apiVersion: "example.test/v1", kind: "Widget", name: "one", uid: widget.metadata.uid },
        ],
      },
    };
    const pod = await webPod();
    const gone = {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: {
        name: "made-by-pod",
        namespace: "shop",
        ownerReferences: [{ apiVersion: "v1", kind: "Pod", name: pod.metadata.name, uid: pod.metadata.uid }],
      },
    };
    await applyManifests({ client: blue, manifests: [owned, gone, ...localWork], timeoutSeconds: 60 });
    const taken = {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "taken", namespace: "default" },
      spec: { type: "NodePort", ports: [{ port: 80, nodePort: contestedPort }] },
    };
    await applyManifests({ client: green, manifests: [taken], timeoutSeconds: 60 });
    for (const claim of ["counts", "data-db-0"]) {
      await until(`blue binds ${claim}`, async () => (await claimPhase(blue, claim)) === "Bound");
    }
  }, 1_800 * seconds);

  async function webPod(): Promise<KubeObject> {
    await until("blue makes pods", async () => (await pods(blue, "web")).length === 3);
    return (await pods(blue, "web"))[0]!;
  }

  afterAll(async () => {
    await Promise.all(clusters.map(({ stop }) => stop()));
  });

  it("is refused with all that stands in the way, before anything is written", async () => {
    const exclude = [{ kind: "CustomResourceDefinition", name: "widgets.*" }];
    const refused = migrate(options({ settings: { copy: { exclude } } }));
    await expect(refused).rejects.toMatchObject({ code: "migration-blocked" });
    const { blockers } = await planMigration(options({ settings: { copy: { exclude } } }));
    expect(blockers.map(({ object }) => object).sort()).toEqual([
      "PersistentVolumeClaim shop/cache",
      "Widget shop/one",
    ]);
    expect(await there(green, "/api/v1/namespaces/shop")).toBe(false);
  });

  it("counts what the workloads ask of machines", async () => {
    const { requests } = await planMigration(options());
    // web 3 x 250m, report 250m; db and counter ask nothing; agent on each node.
    expect(requests.total).toEqual({ cpuMillis: 1000, memoryBytes: 4 * 64 * 2 ** 20, pods: 7 });
    expect(requests.perNode).toEqual({ cpuMillis: 250, memoryBytes: 64 * 2 ** 20, pods: 1 });
  });

  it("copies all but what runs on one side only, killed after whichever write", async () => {
    const kills = await killedEverywhere((more) => migrate({ ...options(more), volumes: "stay" }));
    // Several writes are under way at a time, so that a kill loses some of their answers.
    expect(kills).toBeGreaterThan(10);
    const { outcomes, movedPorts } = await migrate({ ...options(), volumes: "stay" });
    expect(outcomes.filter(({ outcome }) => outcome === "blocked")).toEqual([]);

    expect(await replicas(green, app("deployments", "web"))).toBe(3);
    expect(at(await get(green, "/apis/example.test/v1/namespaces/shop/widgets/one"), "spec", "size")).toBe(3);
    expect((await get(green, "/api/v1/namespaces/shop")).metadata.labels?.team).toBe("sales");
    const scaler = await get(green, "/apis/autoscaling/v1/namespaces/shop/horizontalpodautoscalers/web");
    expect(numberAt(scaler, "spec", "targetCPUUtilizationPercentage")).toBe(60);
    expect(at(await get(green, shop("secrets", "password")), "data", "password")).toBe(
      Buffer.from("hunter2").toString("base64"),
    );
    expect(await there(green, shop("secrets", "token"))).toBe(false);

    const widget = await get(green, "/apis/example.test/v1/namespaces/shop/widgets/one");
    const owners = (await get(green, shop("configmaps", "made-by-widget"))).metadata.ownerReferences;
    expect(owners?.map(({ uid }) => uid)).toEqual([widget.metadata.uid]);
    expect((await get(green, shop("configmaps", "made-by-pod"))).metadata.ownerReferences).toBeUndefined();

    const ports = async (name: string) =>
      listOf(at(await get(green, shop("services", name)), "spec", "ports")).map((port) =>
        at(port, "nodePort"),
      );
    expect(await ports("admin")).toEqual([30081]);
    expect(await ports("public")).toEqual([30082]);
    const [given] = await ports("web");
    expect(movedPorts).toEqual([
      { service: "Service shop/web", port: "80/TCP", blue: contestedPort, green: given },
    ]);
    expect(given).not.toBe(contestedPort);
    expect(textAt(await get(green, shop("services", "admin")), "spec", "clusterIP")).toMatch(/^10\.53\./);
    expect(textAt(await get(green, shop("services", "db")), "spec", "clusterIP")).toBe("None");

    expect(await replicas(green, app("deployments", "counter"))).toBe(0);
    expect(await replicas(green, app("statefulsets", "db"))).toBe(0);
    expect(await suspended(green)).toBe(true);
    expect(await there(green, shop("persistentvolumeclaims", "counts"))).toBe(false);
    expect(await replicas(blue, app("deployments", "counter"))).toBe(2);
    expect(await suspended(blue)).toBe(false);
    // Its data stay behind: it begins empty.
    expect(await there(green, shop("persistentvolumeclaims", "cache"))).toBe(true);
    expect(await there(green, "/api/v1/persistentvolumes/pv-cache")).toBe(false);
  });

  it("changes nothing the second time", async () => {
    const { outcomes } = await migrate({ ...options(), volumes: "stay" });
    expect(copied(outcomes)).toEqual([]);
  });

  it("sets right what was changed in green, and says who had done it", async () => {
    await green.request({
      method: "PATCH",
      path: `${shop("configmaps", "settings")}?fieldManager=somebody`,
      contentType: "application/merge-patch+json",
      body: JSON.stringify({ data: { colour: "red" } }),
    });
    const { outcomes } = await migrate({ ...options(), volumes: "stay" });
    expect(outcomes.filter(({ outcome }) => outcome === "copied")).toEqual([
      {
        object: "ConfigMap shop/settings",
        outcome: "copied",
        overwrote: [{ path: "data.colour", in: "both", why: "somebody" }],
      },
    ]);
    expect(at(await get(green, shop("configmaps", "settings")), "data", "colour")).toBe("blue");
  });

  it("starts no writer in green while a pod of blue's is left", async () => {
    await until("blue runs the counter", async () => (await pods(blue, "counter")).length === 2);
    const [pod] = await pods(blue, "counter");
    // On a node that nobody runs: it ends when the test says so.
    const node = { apiVersion: "v1", kind: "Node", metadata: { name: "n1" } };
    await applyManifests({ client: blue, manifests: [node], timeoutSeconds: 30 });
    const bound = await blue.request({
      method: "POST",
      path: `${shop("pods", pod!.metadata.name)}/binding`,
      contentType: "application/json",
      body: JSON.stringify({
        apiVersion: "v1",
        kind: "Binding",
        metadata: { name: pod!.metadata.name, namespace: "shop" },
        target: { apiVersion: "v1", kind: "Node", name: "n1" },
      }),
    });
    expect(bound.status).toBe(201);

    let waits = false;
    const moving = moveVolumes(
      options({
        onProgress: (line) => {
          waits ||= line.includes(`${pod!.metadata.name} on n1`);
        },
      }),
    );
    await until("the move waits for the pod", async () => waits);
    expect(await replicas(green, app("deployments", "counter"))).toBe(0);
    expect(await there(green, shop("persistentvolumeclaims", "counts"))).toBe(false);
    expect(await there(blue, shop("persistentvolumeclaims", "counts"))).toBe(true);
    await blue.request({
      method: "DELETE",
      path: `${shop("pods", pod!.metadata.name)}?gracePeriodSeconds=0`,
    });
    await moving;
    await expectMoved();
  });

  it("changes nothing when all is moved", async () => {
    expect((await planMigration(options())).blockers).toEqual([]);
    const { outcomes } = await migrate(options());
    expect(copied(outcomes)).toEqual([]);
    await expectMoved();
  });

  it("gives everything back, killed after whichever write", async () => {
    expect(await killedEverywhere((more) => undoMigration(options(more)))).toBeGreaterThan(10);
    expect(await undoMigration(options())).toEqual([]);
    await expectAtBlue();
  });

  it("moves again, killed after whichever write, with writers never on both sides", async () => {
    const writers = watchWriters();
    expect(await killedEverywhere((more) => moveVolumes(options(more)))).toBeGreaterThan(10);
    await until("green runs the counter", async () => (await pods(green, "counter")).length === 2);
    expect(await writers.stop()).toEqual([]);
    await expectMoved();
  });

  it("goes back without green when that has no power", async () => {
    await undoMigration({ ...options(), to: undefined });
    await expectAtBlue({ greenIsOff: true });
    // Green is on again: its writers are still there to be stopped. Here nobody writes to anything.
    await migrate(options());
    await expectMoved();
  });

  it("lets green's volumes have their own policy once blue is gone", async () => {
    const policy = async () =>
      textAt(
        await get(green, "/api/v1/persistentvolumes/pv-counts"),
        "spec",
        "persistentVolumeReclaimPolicy",
      );
    expect(await policy()).toBe("Retain");
    expect((await settleVolumes({ to: green })).toSorted()).toEqual(["pv-counts", "pv-db"]);
    expect(await policy()).toBe("Delete");
    expect(await settleVolumes({ to: green })).toEqual([]);
  });

  it("says what does not run in green yet, and returns once it does", async () => {
    const lines: string[] = [];
    const sides = { from: blue, to: green, blue: "prod-v1", green: "prod-v2" };
    const ready = (timeoutSeconds: number) =>
      awaitWork({ ...sides, timeoutSeconds, onProgress: (line) => lines.push(line) });
    await play(blue, "web");
    const readyInBlue = async () =>
      numberAt(await get(blue, app("deployments", "web")), "status", "readyReplicas");
    await until("blue's pods are ready", async () => (await readyInBlue()) === 3);
    const found = "deployment shop/counter: 0 of 2\ndeployment shop/web: 0 of 3\nstatefulset shop/db: 0 of 1";
    await expect(ready(0)).rejects.toMatchObject({ code: "work-not-ready", details: { found } });

    const waits = ready(60);
    for (const name of ["web", "counter", "db"]) await play(green, name);
    await waits;
    expect(lines[0]).toBe(`waits for ${found.replaceAll("\n", ", ")}`);
  });

  /** What the kubelets of nodes would say of the pods. */
  async function play(api: Api, name: string): Promise<void> {
    const conditions = [{ type: "Ready", status: "True" }];
    await until(`pods of ${name}`, async () => (await pods(api, name)).length > 0);
    for (const { metadata } of await pods(api, name)) {
      await api.request({
        method: "PATCH",
        path: `${shop("pods", metadata.name)}/status`,
        contentType: "application/strategic-merge-patch+json",
        body: JSON.stringify({ status: { phase: "Running", conditions } }),
      });
    }
  }

  it("knows beforehand what green will refuse", async () => {
    const fixed = (name: string) => ({
      apiVersion: "apps/v1",
      kind: "Deployment",
      metadata: { name: "fixed", namespace: "shop" },
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: name } },
        template: { metadata: { labels: { app: name } }, spec: { containers: [{ name, image: name }] } },
      },
    });
    await applyManifests({ client: blue, manifests: [fixed("b")], timeoutSeconds: 30 });
    await applyManifests({ client: green, manifests: [fixed("g")], timeoutSeconds: 30 });
    const { blockers } = await planMigration(options());
    expect(blockers.map(({ object }) => object)).toEqual(["Deployment shop/fixed"]);
    expect(blockers[0]?.reason).toMatch(/^green refuses it: .*field is immutable/);
  });

  it("waits for what is named where somebody else fills green", async () => {
    const definition = { kind: "CustomResourceDefinition", name: "widgets.example.test" };
    const gitops = {
      conditions: [
        { ...definition, condition: "Established" },
        { kind: "Namespace", name: "shop", field: "status.phase", value: "Active" },
        { kind: "Deployment.apps", namespace: "shop", name: "web", condition: "Progressing" },
      ],
    };
    const states = await waitForConditions({ to: green, gitops });
    expect(states.every(({ holds }) => holds)).toBe(true);
    const never = { conditions: [{ ...definition, condition: "Terminating" }], timeout: 1 };
    await expect(waitForConditions({ to: green, gitops: never })).rejects.toMatchObject({
      code: "gitops-timeout",
    });
  });

  async function expectMoved(): Promise<void> {
    expect(await replicas(blue, app("deployments", "counter"))).toBe(0);
    expect(await replicas(blue, app("statefulsets", "db"))).toBe(0);
    expect(await replicas(green, app("deployments", "counter"))).toBe(2);
    expect(await replicas(green, app("statefulsets", "db"))).toBe(1);
    expect([await suspended(blue), await suspended(green)]).toEqual([true, false]);
    for (const claim of ["counts", "data-db-0"]) {
      expect(await there(blue, shop("persistentvolumeclaims", claim))).toBe(false);
      expect(await claimPhase(green, claim)).toBe("Bound");
    }
  }

  async function expectAtBlue({ greenIsOff = false } = {}): Promise<void> {
    expect(await replicas(blue, app("deployments", "counter"))).toBe(2);
    expect(await replicas(blue, app("statefulsets", "db"))).toBe(1);
    expect(await suspended(blue)).toBe(false);
    for (const claim of ["counts", "data-db-0"]) expect(await claimPhase(blue, claim)).toBe("Bound");
    const volume = await get(blue, "/api/v1/persistentvolumes/pv-counts");
    expect(textAt(volume, "spec", "persistentVolumeReclaimPolicy")).toBe("Delete");
    expect(Object.keys(volume.metadata.annotations ?? {}).filter((key) => key.includes("landfall"))).toEqual(
      [],
    );
    if (greenIsOff) return;
    expect(await replicas(green, app("deployments", "counter"))).toBe(0);
    expect(await suspended(green)).toBe(true);
    expect(await there(green, "/api/v1/persistentvolumes/pv-counts")).toBe(false);
  }

  /**
   * Kills it after its first write, runs it again and kills it after the next one that was not seen before, and so on,
   * until it ends by itself: what the killed one had in mind is lost, what it had written is there. Resolves to the number
   * of kills.
   */
  async function killedEverywhere(
    run: (more: Partial<MigrationOptions>) => Promise<unknown>,
  ): Promise<number> {
    const seen = new Set<string>();
    for (;;) {
      const kills = seen.size;
      const controller = new AbortController();
      const mortal = (api: Api): Api => ({
        ...api,
        request: async (request) => {
          controller.signal.throwIfAborted();
          const reply = await api.request(request);
          const { method = "GET", path, body = "" } = request;
          const write = `${method} ${path} ${body}`;
          if (method !== "GET" && !path.includes("dryRun") && !seen.has(write)) {
            seen.add(write);
            controller.abort(new Error("killed"));
          }
          return reply;
        },
      });
      const ended = await run({ from: mortal(blue), to: mortal(green), signal: controller.signal }).then(
        () => "done",
        (error: Error) => error.message,
      );
      if (ended === "done") return kills;
      expect(ended).toBe("killed");
      expect(kills).toBeLessThan(200);
    }
  }

  /** Looks at both sides all the time; tells of each moment at which both had pods that write. */
  function watchWriters(): { readonly stop: () => Promise<readonly string[]> } {
    let stopped = false;
    const found: string[] = [];
    const watching = (async () => {
      while (!stopped) {
        // Green first: what runs there at any moment must have had nothing beside it in blue later.
        const [there, here] = [await pods(green, "counter"), await pods(blue, "counter")];
        if (there.length > 0 && here.length > 0)
          found.push(`${there.length} in green, ${here.length} in blue`);
      }
    })();
    return {
      stop: async () => {
        stopped = true;
        await watching;
        return found;
      },
    };
  }
});

function copied(outcomes: readonly Outcome[]): readonly string[] {
  return outcomes.filter(({ outcome }) => outcome === "copied").map(({ object }) => object);
}
