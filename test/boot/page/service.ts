// The page over a store in memory, which tests write to.

import type { ClusterReport, MachineRecord, ReplacementReport } from "../../../modules/boot/index.ts";
import { openMemoryStore, openSeen, type Seen } from "../../../modules/boot/index.ts";

export interface PageService {
  readonly url: string;
  readonly seen: () => Seen;
  readonly put: (record: MachineRecord) => Promise<void>;
  readonly report: (report: ClusterReport) => Promise<void>;
  readonly replacement: (report: ReplacementReport) => Promise<void>;
  readonly forget: (mac: string) => Promise<void>;
  readonly stop: () => Promise<void>;
  /** Again, at the same address. */
  readonly start: () => Promise<void>;
}

export async function startPage(
  records: readonly MachineRecord[],
  reports: readonly ClusterReport[] = [],
  replacements: readonly ReplacementReport[] = [],
): Promise<PageService> {
  const store = openMemoryStore();
  const json = (value: unknown) => Buffer.from(JSON.stringify(value));
  const put = async (record: MachineRecord) => {
    await store.put("machines", record.mac.replaceAll(":", ""), json(record));
  };
  const report = async (each: ClusterReport) => {
    await store.put("conditions", each.cluster, json(each));
  };
  const replacement = async (each: ReplacementReport) => {
    await store.put("replacements", each.green, json(each));
  };
  for (const record of records) await put(record);
  for (const each of reports) await report(each);
  for (const each of replacements) await replacement(each);
  let seen = openSeen({ store });
  const { port } = await seen.listen("127.0.0.1", 0);
  return {
    url: `http://127.0.0.1:${port}/`,
    seen: () => seen,
    put,
    report,
    replacement,
    forget: async (mac) => {
      await store.delete("machines", mac.replaceAll(":", ""));
    },
    stop: () => seen.close(),
    async start() {
      seen = openSeen({ store });
      await seen.listen("127.0.0.1", port);
    },
  };
}
