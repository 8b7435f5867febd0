// What machines tell of themselves, and what their installer asks before it writes.
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { LandfallError } from "../../spec/error.ts";
import type { Machines } from "../machine/machines.ts";
import { type Report, reportSchema } from "../machine/types.ts";

const longestBody = 64 * 1024;
const consoleLines = 20;
const longestText = 400;

/**
 * `POST /report?mac=`: JSON of `reportSchema`, or what `busybox wget --post-data` sends without ado:
 * `order=...&stage=install&percent=40&result=installed&console=...`, in the body or in the address. With `body=console`
 * in the address, the body is the console's last lines as they are (`--post-file`). Answers 204; 400 for what is no
 * report, 404 for a machine that nobody registered, 409 for an order that is not the machine's, 413, 503.
 *
 * `GET /report?mac=&order=`: whether this order is still to be carried out, asked before anything is written: 200 while
 * it is running, else 409, with its state in one word (`other` when the machine has another one, or none).
 */
export function reportApp(machines: Machines): Hono {
  const app = new Hono();
  app.post(
    "/report",
    bodyLimit({ maxSize: longestBody, onError: (c) => c.text("report too long\n", 413) }),
    (c) =>
      answered(c, async () => {
        const mac = macOf(c);
        await machines.apply(mac, { type: "report", report: reportOf(c, await c.req.text()) });
        return c.body(null, 204);
      }),
  );
  app.get("/report", (c) =>
    answered(c, async () => {
      const order = (await machines.get(macOf(c)))?.order;
      const state = order?.id === c.req.query("order") ? order?.state : undefined;
      return c.text(`${state ?? "other"}\n`, state === "running" ? 200 : 409);
    }),
  );
  return app;
}

async function answered(c: Context, action: () => Promise<Response>): Promise<Response> {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof LandfallError)) throw error;
    const status = statuses[error.code] ?? 503;
    // Why a store cannot be written to names paths, which are for the log.
    const text = status === 503 ? "not now" : `${error.message}: ${error.details.found ?? ""}`;
    return c.text(`${text}\n`, status);
  }
}

const statuses: Readonly<Record<string, 400 | 404 | 409>> = {
  "request-invalid": 400,
  "unknown-machine": 404,
  "other-order": 409,
};

function macOf(c: Context): string {
  const mac = c.req.query("mac") ?? "";
  if (/^[0-9a-f]{2}([:-])[0-9a-f]{2}(\1[0-9a-f]{2}){4}$/i.test(mac))
    return mac.toLowerCase().replaceAll("-", ":");
  throw invalid("no MAC", "mac=52:54:00:00:00:01");
}

function reportOf(c: Context, body: string): Report {
  const asked = new URL(c.req.url).searchParams;
  const raw = asked.get("body") === "console";
  const { data, error } = reportSchema.safeParse(
    !raw && body.trimStart().startsWith("{") ? json(body) : fields(asked, raw ? "" : body, raw ? body : ""),
  );
  if (error === undefined) return data;
  throw invalid(
    error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; "),
    "a report as modules/boot/machine/types.ts describes it",
  );
}

function json(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch (cause) {
    throw invalid(cause instanceof Error ? cause.message : String(cause), "JSON");
  }
}

function fields(asked: URLSearchParams, form: string, raw: string): unknown {
  const all = new URLSearchParams([...asked, ...new URLSearchParams(form.trim())]);
  const percent = all.get("percent");
  const console = [...all.getAll("console"), raw].flatMap((text) => text.split("\n"));
  const lines = console.filter((line) => line.trim() !== "").map((line) => line.slice(0, longestText));
  const given = (name: string) => {
    const value = all.get(name);
    // An empty one is what a shell makes of a variable that is not set.
    return value ? { [name]: value.slice(0, longestText) } : {};
  };
  return {
    ...given("order"),
    ...given("stage"),
    ...given("result"),
    ...given("reason"),
    ...(percent && { percent: Number(percent) }),
    ...(lines.length > 0 && { console: lines.slice(-consoleLines) }),
  };
}

function invalid(found: string, expected: string): LandfallError {
  return new LandfallError("request-invalid", "no report", { found, expected });
}
