// A counter in a file on a network volume: its objects, a client that has it count, and a judge of what it counted.
import { createHash } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { ask } from "./client.ts";

export const counterPort = 30081;
export const counterFile = "counter";

export interface Increment {
  /** What the client called it. */
  readonly id: string;
  readonly number: number;
  /** Its cluster's print and its pod, as `1a2b3c4d.POD`. */
  readonly writer: string;
}

export interface Acknowledged extends Increment {
  readonly at: Date;
}

export interface CounterClient {
  /** Increments that were answered, in the order of their answers. */
  readonly acknowledged: readonly Acknowledged[];
  readonly stop: () => Promise<void>;
}

/**
 * Asks all sides for increments all the time: two writers would count at once. What is not answered is asked for again by the
 * same name until it is.
 * @param sides where each cluster answers, as `HOST:PORT`.
 */
export function startCounter(
  proxy: string,
  everyMs: number,
  sides: Readonly<Record<string, string>>,
): CounterClient {
  const acknowledged: Acknowledged[] = [];
  let over = false;
  const count = async (side: string, target: string) => {
    for (let next = 1; !over; ) {
      const id = `${side}-${next}`;
      try {
        const answer = parseIncrements(bodyOf(await ask(proxy, target, `/cgi-bin/increment?${id}`)));
        const increment = answer.find((each) => each.id === id);
        if (increment !== undefined) {
          acknowledged.push({ ...increment, at: new Date() });
          next += 1;
        }
      } catch {
        // Nobody there, or it is on its way: asked again.
      }
      await delay(everyMs);
    }
  };
  const loops = Object.entries(sides).map(([side, target]) => count(side, target));
  return {
    acknowledged,
    stop: async () => {
      over = true;
      await Promise.all(loops);
    },
  };
}

function bodyOf(response: string): string {
  return response.slice(response.indexOf("\r\n\r\n") + 4);
}

/** Lines of the file, or of an answer: `NUMBER ID WRITER`. What is no such line is an increment called by its text. */
export function parseIncrements(text: string): Increment[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => {
      const [, number, id, writer] = /^(\d+) (\S+) (\S+)$/.exec(line) ?? [];
      if (id === undefined || writer === undefined) return { number: Number.NaN, id: line, writer: "nobody" };
      return { number: Number(number), id, writer };
    });
}

export interface Verdict {
  readonly increments: number;
  /** Acknowledged, and not in the file as they were. */
  readonly lost: readonly string[];
  /** In the file more than once. */
  readonly doubled: readonly string[];
  /** Lines whose number is not the one before plus one: somebody counted on from what was not the last. */
  readonly torn: readonly string[];
  /** Who wrote, in order; each turn with its first and last number. */
  readonly turns: readonly { readonly writer: string; readonly from: number; readonly to: number }[];
  /** Writers that wrote again after another one had: two at once. */
  readonly together: readonly string[];
}

/** Compares the file with what was acknowledged. */
export function judge(file: readonly Increment[], acknowledged: readonly Increment[]): Verdict {
  const written = new Map<string, Increment>();
  const doubled: string[] = [];
  const torn: string[] = [];
  const turns: { writer: string; from: number; to: number }[] = [];
  const together = new Set<string>();
  file.forEach((line, index) => {
    if (written.has(line.id)) doubled.push(line.id);
    written.set(line.id, line);
    if (line.number !== index + 1) torn.push(`${line.number} ${line.id} in line ${index + 1}`);
    const turn = turns.at(-1);
    if (turn?.writer === line.writer) turn.to = line.number;
    else {
      if (turns.some(({ writer }) => writer === line.writer)) together.add(line.writer);
      turns.push({ writer: line.writer, from: line.number, to: line.number });
    }
  });
  const lost = acknowledged.filter(({ id, number, writer }) => {
    const line = written.get(id);
    return line?.number !== number || line.writer !== writer;
  });
  return {
    increments: file.length,
    lost: lost.map(({ id }) => id),
    doubled,
    torn,
    turns,
    together: [...together],
  };
}

/** Seconds for which nobody counted, each time that another writer took over. */
export function pauses(acknowledged: readonly Acknowledged[]): number[] {
  return acknowledged.flatMap(({ writer, at }, index) => {
    const before = acknowledged[index - 1];
    return before === undefined || before.writer === writer
      ? []
      : [(at.getTime() - before.at.getTime()) / 1000];
  });
}

/** Pods of a cluster write under its name: a print of its authority. @param ca PEM, as pods and kubeconfigs have it. */
export function clusterPrint(ca: Buffer): string {
  return createHash("sha256").update(ca).digest("hex").slice(0, 8);
}

/**
 * One writer: a StatefulSet never has two pods at once. It is a script, and takes one request after the other.
 * @param image of any release: one with a busybox.
 * @param source of the volume.
 */
export function counterObjects(image: string, source: object): object[] {
  const labels = { app: "counter" };
  const metadata = { name: "counter", namespace: "counter" };
  const claim = { accessModes: ["ReadWriteOnce"], storageClassName: "" };
  const storage = "1Gi";
  const container = {
    name: "writer",
    image,
    imagePullPolicy: "Never",
    command: [busybox, "sh", "/script/start"],
    env: [{ name: "POD", valueFrom: { fieldRef: { fieldPath: "metadata.uid" } } }],
    ports: [{ containerPort: 8080 }],
    resources: { requests: { cpu: "50m", memory: "16Mi" } },
    readinessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
    volumeMounts: [
      { name: "data", mountPath: "/data" },
      { name: "script", mountPath: "/script" },
      { name: "run", mountPath: "/run/counter" },
    ],
  };
  const volumes = [
    { name: "data", persistentVolumeClaim: { claimName: "counter" } },
    { name: "script", configMap: { name: "counter", defaultMode: 0o755, items: scriptItems } },
    { name: "run", emptyDir: {} },
  ];
  return [
    { apiVersion: "v1", kind: "Namespace", metadata: { name: "counter" } },
    { apiVersion: "v1", kind: "ConfigMap", metadata, data: { start, increment } },
    {
      apiVersion: "v1",
      kind: "PersistentVolume",
      metadata: { name: "counter" },
      spec: { ...claim, capacity: { storage }, persistentVolumeReclaimPolicy: "Retain", ...source },
    },
    {
      apiVersion: "v1",
      kind: "PersistentVolumeClaim",
      metadata,
      spec: { ...claim, volumeName: "counter", resources: { requests: { storage } } },
    },
    {
      apiVersion: "apps/v1",
      kind: "StatefulSet",
      metadata,
      spec: {
        serviceName: "counter",
        replicas: 1,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: { terminationGracePeriodSeconds: 2, containers: [container], volumes },
        },
      },
    },
    {
      apiVersion: "v1",
      kind: "Service",
      metadata,
      spec: {
        type: "NodePort",
        selector: labels,
        ports: [{ port: 80, targetPort: 8080, nodePort: counterPort }],
      },
    },
  ];
}

const busybox = "/usr/bin/busybox";
const lock = "/run/counter/lock";
const scriptItems = [
  { key: "start", path: "start" },
  { key: "increment", path: "www/cgi-bin/increment" },
];
const start = `b=${busybox}
$b rm -rf ${lock}
: >>/data/${counterFile}
authority=/var/run/secrets/kubernetes.io/serviceaccount/ca.crt
export WRITER=$($b sha256sum $authority | $b cut -c1-8).$POD
exec $b httpd -f -p 8080 -h /script/www
`;
/** Answers when the line is on the server's side. A name that was counted already is not counted again. */
const increment = `#!${busybox} sh
b=${busybox} file=/data/${counterFile} id=$QUERY_STRING
until $b mkdir ${lock} 2>/run/counter/why; do $b usleep 5000; done
trap '$b rmdir ${lock}' EXIT
set -e
line=$($b grep -m 1 " $id " $file) || [ $? = 1 ]
if [ -z "$line" ]; then
	last=$($b tail -n 1 $file)
	last=\${last%% *}
	line="$((\${last:-0} + 1)) $id $WRITER"
	echo "$line" | $b dd of=$file oflag=append conv=notrunc,fsync status=none
fi
printf 'Content-Type: text/plain\\r\\n\\r\\n%s\\n' "$line"
`;
