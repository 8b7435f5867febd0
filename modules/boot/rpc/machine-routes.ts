// Landfall's own gRPC service, for the port that Matchbox's is on.
import type { ConnectRouter, HandlerContext, ServiceImpl } from "@connectrpc/connect";
import { z } from "zod";
import { LandfallError } from "../../spec/error.ts";
import { replacementReportSchema } from "../fleet/index.ts";
import type { Machines } from "../machine/machines.ts";
import {
  longestOrder,
  type MachineEvent,
  type MachineRecord,
  machineRecordSchema,
  orderKinds,
  orderSchema,
} from "../machine/types.ts";
import type { BootStore } from "../store/types.ts";
import { type Machine, Machines as MachinesService } from "./generated/landfall_pb.ts";
import { toMessage } from "./machine-message.ts";
import { toConnectError } from "./refusal.ts";

export interface MachineRoutesOptions {
  readonly machines: Machines;
  /** Keeps what people see of clusters. */
  readonly store: BootStore;
  /** 128 random bits in hex, another one each time. */
  readonly newId: () => string;
}

const { mac, role, ...texts } = machineRecordSchema.shape;
const machine = z.strictObject({
  mac,
  role,
  name: shown(texts.name),
  site: shown(texts.site),
  rack: shown(texts.rack),
  position: shown(texts.position),
  pool: shown(texts.pool),
  address: shown(texts.address),
});
const landing = z.object({
  mac,
  cluster: shown(orderSchema.shape.cluster),
  generation: shown(orderSchema.shape.generation),
});
const order = landing.extend({ kind: z.enum(orderKinds), seconds: z.int().min(1).max(longestOrder) });
const longestReport = 1_000_000;

/** What people see in lines and on terminals has no control character that would do something there. */
function shown<T extends z.ZodType<string | undefined>>(schema: T): T {
  return schema.refine((text) => !/[\p{C}\p{Zl}\p{Zp}]/u.test(text ?? ""), "no control characters") as T;
}

/** `connectNodeAdapter({ routes })` takes it, beside Matchbox's. */
export function machineRoutes(options: MachineRoutesOptions): (router: ConnectRouter) => void {
  return (router) => router.service(MachinesService, implementation(options));
}

function implementation({
  machines,
  store,
  newId,
}: MachineRoutesOptions): ServiceImpl<typeof MachinesService> {
  // With the caller's deadline: an order that comes after its deployer gave up would be nobody's.
  const apply = async (mac: string, event: MachineEvent, { signal }: HandlerContext) =>
    toMessage((await machines.apply(mac, event, signal)).record);

  return {
    register: (request, context) =>
      answered(() => {
        const { $typeName: _, $unknown: __, ...fields } = request;
        const wanted = checked(machine, fields);
        return apply(wanted.mac, { type: "register", machine: wanted }, context);
      }),
    arm: (request, context) =>
      answered(() => {
        const { mac, ...wanted } = checked(order, request);
        return apply(mac, { type: "arm", order: { id: newId(), ...wanted } }, context);
      }),
    cancel: (request, context) =>
      answered(() => {
        const { mac, ...whose } = checked(landing, request);
        return apply(mac, { type: "cancel", ...whose }, context);
      }),
    release: (request, context) =>
      answered(() => {
        const { mac, ...whose } = checked(landing, request);
        return apply(mac, { type: "release", ...whose }, context);
      }),
    get: (request) =>
      answered(async () => {
        const record = await machines.get(checked(mac, request.mac));
        if (record !== undefined) return toMessage(record);
        throw new LandfallError("unknown-machine", "no machine of this address is registered", {
          found: request.mac,
        });
      }),
    list: () => answered(async () => ({ machines: (await machines.list()).map(toMessage) })),
    watch: (_, { signal }) => watch(machines, signal),
    putConditions: (request) =>
      answered(async () => {
        const { report } = request;
        if (report.length > longestReport || !isJson(report)) {
          throw new LandfallError("request-invalid", "no report of conditions", {
            found: `${report.length} bytes`,
            expected: `JSON, at most ${longestReport} bytes`,
          });
        }
        await store.put("conditions", request.cluster, report);
        return {};
      }),
    putReplacement: (request) =>
      answered(async () => {
        const { report } = request;
        const parsed = replacementReportSchema.safeParse(
          report.length > longestReport ? undefined : json(report),
        );
        if (parsed.data?.green !== request.cluster) {
          throw new LandfallError("request-invalid", "no report of a replacement", {
            found: parsed.error?.issues[0]?.message ?? `one by ${parsed.data?.green}`,
            expected: `JSON of a replacement by ${request.cluster}, at most ${longestReport} bytes`,
          });
        }
        // As it was understood, and nothing besides.
        await store.put("replacements", request.cluster, Buffer.from(JSON.stringify(parsed.data)));
        return {};
      }),
  };
}

/**
 * Every machine, then each that changes. A client that reads slowly gets what is true by then: a machine waits to be
 * told once, however often it has changed.
 */
async function* watch(machines: Machines, signal: AbortSignal): AsyncGenerator<Machine> {
  const changed = new Set<string>();
  let wake: () => void = () => {};
  const onAbort = () => wake();
  const end = machines.watch((mac) => {
    changed.add(mac);
    wake();
  });
  signal.addEventListener("abort", onAbort);
  try {
    for (const record of await machines.list()) yield toMessage(record);
    while (!signal.aborted) {
      for (const mac of changed) {
        changed.delete(mac);
        const record = await getIfWhole(machines, mac);
        if (record !== undefined) yield toMessage(record);
      }
      if (changed.size > 0) continue;
      await new Promise<void>((resolve) => {
        wake = resolve;
        if (signal.aborted || changed.size > 0) resolve();
      });
    }
  } catch (error) {
    throw toConnectError(error);
  } finally {
    signal.removeEventListener("abort", onAbort);
    end();
  }
}

async function getIfWhole(machines: Machines, mac: string): Promise<MachineRecord | undefined> {
  try {
    return await machines.get(mac);
  } catch (error) {
    if (error instanceof LandfallError && error.code === "record-broken") return undefined;
    throw error;
  }
}

async function answered<T>(action: () => Promise<T> | T): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw toConnectError(error);
  }
}

function checked<T>(schema: z.ZodType<T>, value: unknown): T {
  const { data, error } = schema.safeParse(value);
  if (error === undefined) return data;
  throw new LandfallError("request-invalid", "the request says what no machine can be told", {
    found: error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; "),
    expected: "what modules/boot/machine/types.ts describes",
  });
}

function isJson(bytes: Uint8Array): boolean {
  return json(bytes) !== undefined;
}

/** Undefined: it is none. */
function json(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    return undefined;
  }
}
