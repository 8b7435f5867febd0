// Files for tests in which `‸` marks where a diagnostic must point: expected places come from the text itself.
import type { Diagnostic } from "../diagnostic.ts";
import { loadFiles } from "../load.ts";

export const knownReleases = ["1.34.1", "1.35.1"];

export const site = `name: lab
networks:
  - name: rack
    cidr: 10.77.0.0/24
    gateway: 10.77.0.1
    dns: [10.77.0.2]
boot:
  service: matchbox
  http: http://10.77.0.3:8080
  rpc: 127.0.0.1:8081
  tls: { ca: ca.crt, cert: client.crt, key: client.key }
  assets: assets
machines:
${["m1", "m2", "m3", "w1", "w2", "w3"]
  .map(
    (name, i) => `  - name: ${name}
    mac: 52:54:00:77:00:1${i + 1}
    address: 10.77.0.1${i + 1}
    disk: /dev/vda
    bmc: { driver: redfish, url: http://bmc/${name} }
`,
  )
  .join("")}`;

export const cluster = `name: prod
version: v1
kubernetes: 1.34.1
endpoint:
  address: 10.77.0.100
masters:
  machines: [m1, m2, m3]
pools:
  - name: workers
    machines: [w1, w2]
`;

/** `text` with `from`, which must be in it, replaced. */
export function edit(text: string, from: string, to: string): string {
  if (!text.includes(from)) throw new Error(`the text to edit has no ${JSON.stringify(from)}`);
  return text.replace(from, () => to);
}

export interface Checked {
  readonly found: readonly Diagnostic[];
  /** `file:line:column` of every mark, ordered as diagnostics are. */
  readonly marks: readonly string[];
}

/** Loads marked files, by path in the folder. */
export function check(files: Readonly<Record<string, string>>): Checked {
  const texts = new Map(Object.entries(files).map(([path, text]) => [path, text.replaceAll("‸", "")]));
  const loaded = loadFiles((path) => texts.get(path), [...texts.keys()], { knownReleases });
  const marks = Object.keys(files)
    .sort()
    .flatMap((path) =>
      files[path]!.split("\n").flatMap((line, i) =>
        line
          .split("‸")
          .slice(0, -1)
          .map((_, n, parts) => `${path}:${i + 1}:${parts.slice(0, n + 1).join("").length + 1}`),
      ),
    );
  return { found: loaded.ok ? [] : loaded.diagnostics, marks };
}
