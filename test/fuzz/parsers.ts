// Odd inputs for whatever reads what others wrote. Where Go has the same parser, both say the same; where it has not, what
// must hold whatever comes is held.
import { isDeepStrictEqual } from "node:util";
import { machineRecordSchema, openMachines, openMemoryStore, reportApp } from "../../modules/boot/index.ts";
import {
  bytesOf,
  environmentLines,
  grubConfig,
  ipxeScript,
  labelsOf,
  parseGroup,
  parseMac,
  parseProfile,
  parseQuery,
  requestVariables,
  serveContent,
  textOf,
  writeJson,
} from "../../modules/boot/parsers.ts";
import { parseFlags } from "../../modules/cli/go-flags.ts";
import { parseIpxe, runIpxe } from "../../modules/lab/ipxe.ts";
import { LandfallError } from "../../modules/spec/index.ts";
import { random } from "../support/random.ts";
import type { Case, GoParsers } from "./go.ts";
import { odd } from "./odd.ts";

export interface Fuzzed {
  readonly what: string;
  readonly against: string;
  readonly tried: number;
  /** Of them, those that were taken for good. */
  readonly good: number;
  /** First one that was read wrongly. */
  readonly wrong?: string;
}

interface Target {
  readonly what: string;
  readonly whole: readonly string[];
  /** Inputs of this one, for each of the others'. */
  readonly share?: number;
  readonly go?: (text: string) => Case | undefined;
  /** As Go would say it; `undefined` is no good input. Throws where anything else goes wrong. */
  readonly ours: (text: string) => unknown;
  /** Go's answer, brought to the same form. */
  readonly theirs?: (said: unknown) => unknown;
}

const latin1 = (text: string) => Buffer.from(text, "latin1");

/** @param runs inputs for each parser */
export async function fuzzParsers({
  runs,
  seed,
  go,
}: {
  readonly runs: number;
  readonly seed: number;
  readonly go: GoParsers;
}): Promise<readonly Fuzzed[]> {
  const results: Fuzzed[] = [];
  for (const target of await targets()) {
    const next = random(seed);
    const texts = Array.from({ length: Math.ceil(runs * (target.share ?? 1)) }, () =>
      odd(target.whole, next),
    );
    const asked = target.go === undefined ? [] : texts.map(target.go);
    const said = go.ask(asked.filter((each) => each !== undefined));
    let good = 0;
    let wrong: string | undefined;
    for (const [index, text] of texts.entries()) {
      const compared = asked[index] !== undefined;
      const expected = compared ? target.theirs!(said.shift()) : undefined;
      try {
        const answer = await target.ours(text);
        if (answer !== undefined) good += 1;
        if (compared && !isDeepStrictEqual(answer, expected))
          throw new Error(`${JSON.stringify(answer)} instead of ${JSON.stringify(expected)}`);
      } catch (error) {
        wrong ??= `${JSON.stringify(text.slice(0, 500))}: ${error instanceof Error ? error.message : error}`;
      }
    }
    const against = target.go === undefined ? "what must hold" : "Go";
    results.push({
      what: target.what,
      against,
      tried: texts.length,
      good,
      ...(wrong !== undefined && { wrong }),
    });
  }
  return results;
}

/** Undefined where it is refused in due form. */
function orRefused<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof LandfallError) return undefined;
    throw error;
  }
}

function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

/** Empty ones are left out, as by `omitempty`. */
function filled(fields: Readonly<Record<string, unknown>>): object {
  return JSON.parse(
    JSON.stringify(
      Object.fromEntries(
        Object.entries(fields).filter(
          ([, value]) =>
            value !== undefined &&
            value !== "" &&
            !(typeof value === "object" && value !== null && Object.keys(value).length === 0),
        ),
      ),
    ),
  );
}

const report = `order=${"a".repeat(32)}&stage=install&percent=40&console=line+1%0aline+2`;
const script = [
  "#!ipxe",
  "set a b",
  "iseq ${platform} efi && goto uefi ||",
  "kernel /assets/k a=${mac:hexhyp} b",
  "initrd --name i /assets/i",
  "boot",
  ":uefi",
  "exit 1",
  "",
].join("\n");

async function targets(): Promise<readonly Target[]> {
  const content = Buffer.from("0123456789".repeat(10));
  const machine = "52:54:00:00:00:01";
  const now = () => new Date("2026-01-02T03:04:05Z");
  const store = openMemoryStore();
  const machines = openMachines({ store, now });
  await machines.apply(machine, { type: "register", machine: { mac: machine, name: "m1", site: "lab" } });
  const armed = { id: "a".repeat(32), kind: "rescue", cluster: "c", generation: "g", seconds: 60 } as const;
  await machines.apply(machine, { type: "arm", order: armed });
  await machines.apply(machine, { type: "boot" });
  const app = reportApp(machines);

  return [
    {
      what: "MAC addresses",
      whole: [
        "52:54:00:00:00:0a",
        "52-54-00-00-00-0A",
        "5254.0000.000a",
        "52540000000a",
        "02-00-5e-10-00-00-00-01",
        "",
      ],
      go: (text) => ({ kind: "mac", text: latin1(text) }),
      ours: (text) => parseMac(textOf(latin1(text))),
      theirs: (said) => said ?? undefined,
    },
    {
      what: "queries",
      whole: ["mac=52-54-00-00-00-01&uuid=u&a=b%20c+d", "a=1;b=2&c", "%c3%bc=%ff&a=&=b", "a=1&a=2&b=%zz"],
      go: (text) => ({ kind: "query", text: latin1(text) }),
      ours: (text) =>
        [...parseQuery(text)]
          .map((pair) => pair.map((each) => bytesOf(each).toString("base64")).join(" "))
          .sort(),
      theirs: (said) => (said as [string, string][]).map((pair) => pair.join(" ")).sort(),
    },
    {
      what: "labels, in scripts and metadata",
      whole: [
        "mac=52-54-00-00-00-01&hostname=a%0aNAME=evil",
        "a%0d%0ab=c",
        "uuid=${uuid}&serial={{.x}}",
        "a=b&c=d%00",
      ],
      ours(text) {
        const labels = labelsOf(text);
        for (const [key, value] of labels)
          must(!/\p{Cc}/u.test(key + value), `a control character in ${key}`);
        // No request line brings one.
        const raw = text.replaceAll(/[\0-\x20\x7f]/g, "");
        const { query, raw_query } = requestVariables(labelsOf(raw), raw);
        const lines = environmentLines({ query: Object.fromEntries(query), raw_query }, "request_");
        const all = lines.split("\n");
        must(all.pop() === "", "no end of the last line");
        must(all.length === query.size + 1, `${all.length} lines of ${query.size} labels`);
        must(
          all.every((line) => line.startsWith("REQUEST_")),
          "a line of its own",
        );
        return labels.size > 0 ? labels : undefined;
      },
    },
    {
      what: "Range headers",
      whole: [
        "bytes=0-3",
        "bytes=-5",
        "bytes=4-",
        "bytes=0-1,3-4",
        "bytes=90-200",
        "bytes=100-",
        "bytes= 1 - 2 , 4-5",
      ],
      // Go's own header reader takes no others.
      go: (text) => (/^[\t\x20-\x7e]+$/.test(text) ? { kind: "range", text: latin1(text) } : undefined),
      ours(text) {
        const asked = { method: "GET", target: "/", headers: { range: text } };
        const { status, headers, body } = serveContent(asked, content);
        must(status === 200 || status === 206 || status === 416, `status ${status}`);
        return plainly(
          status,
          headers["Content-Range"] ?? "",
          headers["Content-Type"] ?? "",
          Buffer.from(body),
        );
      },
      theirs(said) {
        const [status, range, type, body] = said as [number, string, string, string | null];
        return plainly(status, range, type, Buffer.from(body ?? "", "base64"));
      },
    },
    {
      what: "groups",
      whole: [
        '{"id":"x","name":"X","profile":"p","selector":{"mac":"52:54:00:00:00:01","os":""},"metadata":{"a":{"b":[1,1.5,null,true]}}}',
        '{"ID":"x","selector":{"MAC":"5254.0000.000b"},"metadata":null}',
        '{"profile":"p","metadata":{"a":1e21,"b":"\\u00fc\\n"},"more":[{}]}',
        "null",
      ],
      go: (text) => (saysOddly(text) ? undefined : { kind: "group", text: latin1(text) }),
      ours: (text) =>
        orRefused(() => {
          const { id, name, profile, selector, metadata } = parseGroup("key", latin1(text));
          const written = metadata === undefined ? undefined : JSON.parse(writeJson(metadata));
          return filled({ id, name, profile, selector: Object.fromEntries(selector), metadata: written });
        }),
      theirs: (said) => (said === null ? undefined : filled(said as Record<string, unknown>)),
    },
    {
      what: "profiles",
      whole: [
        '{"id":"p","name":"P","boot":{"kernel":"k","initrd":["i","j"],"args":["a","b=c"]},"ignition_id":"p.ign"}',
        '{"Id":"p","BOOT":{"Kernel":null,"initrd":[null]},"cloud_id":"c","generic_id":"g"}',
        "{}",
      ],
      go: (text) => (saysOddly(text) ? undefined : { kind: "profile", text: latin1(text) }),
      ours: (text) =>
        orRefused(() => {
          const { id, name, ignitionId, cloudId, genericId, boot } = parseProfile(latin1(text));
          return bootless({
            id,
            name,
            ignition_id: ignitionId,
            cloud_id: cloudId,
            generic_id: genericId,
            boot,
          });
        }),
      theirs: (said) => (said === null ? undefined : bootless(said as Record<string, unknown>)),
    },
    {
      what: "flags",
      whole: [
        "-address=:80 -version",
        "--data-path /a --log-level=info",
        "-version=false -address x",
        "-version -version=T",
      ],
      go: (text) => {
        const args = words(text);
        // Where flags end by agreement, ours says that something is left.
        return args.includes("--") || args.includes("-") ? undefined : { kind: "flags", args };
      },
      ours: (text) =>
        orRefused(() => {
          const spec = { help: "", default: "default", env: "NONE" };
          const flags = { address: spec, "data-path": spec, "log-level": spec };
          const version = { help: "", default: "false", env: "NONE", boolean: true } as const;
          const read = parseFlags({ ...flags, version }, words(text), {});
          return [read.address, read["data-path"], read["log-level"], read.version === "true"];
        }),
      theirs: (said) => said ?? undefined,
    },
    {
      what: "boot scripts of profiles",
      whole: [
        "/assets/k a=b ${mac:hexhyp} i=/i",
        "http://h/k?x=y&z || && console=tty0",
        'k "a b" <&> $(x) `y`',
      ],
      ours(text) {
        const clean = textOf(latin1(text)).replaceAll(/[\0\r\n]/g, "");
        const [kernel = "", ...args] = clean.split(" ");
        const boot = { kernel, args, initrd: [clean] };
        const lines = ipxeScript(boot).split("\n");
        must(lines.length === 5 && lines[0] === "#!ipxe" && lines[3] === "boot", "another number of lines");
        must(lines[1] === `kernel ${clean}` && lines[2] === `initrd ${clean}`, "other words");
        must(grubConfig(boot).split("\n").length === 16, "another number of GRUB's lines");
        return orRefused(() => parseIpxe(ipxeScript(boot)));
      },
    },
    {
      what: "iPXE scripts",
      whole: [
        script,
        "#!ipxe\nchain ipxe?mac=${mac:hexhyp}\n",
        "#!ipxe\nsanboot --no-describe --drive 0x80 ||\nexit\n",
      ],
      async ours(text) {
        try {
          return await runIpxe(
            "http://127.0.0.1/boot.ipxe",
            { mac: machine, platform: "pcbios" },
            async () => text,
          );
        } catch (error) {
          if (error instanceof LandfallError) return undefined;
          throw error;
        }
      },
    },
    {
      what: "reports of machines",
      share: 0.2,
      whole: [
        report,
        JSON.stringify({ order: "a".repeat(32), stage: "install", percent: 40, console: ["a", "b"] }),
        `${report}&result=failed&reason=no%20disk`,
        "\x1b[31mconsole\n\n\x9b31m lines\xff",
      ],
      async ours(text) {
        const asked = encodeURIComponent(text.slice(0, 40));
        const address =
          text.length % 2 === 0 ? `mac=${machine}` : `mac=${machine}&${report}&body=console&x=${asked}`;
        const { status } = await app.request(`/report?${address}`, { method: "POST", body: latin1(text) });
        must([204, 400, 404, 409, 413].includes(status), `status ${status}`);
        const record = (await machines.get(machine))!;
        machineRecordSchema.parse(record);
        must(record.installed === undefined, "installed by a rescue");
        for (const line of [...record.console, record.order?.reason ?? ""])
          must(!/[\p{C}\p{Zl}\p{Zp}]/u.test(line), "a control character on the console");
        return status === 204 ? status : undefined;
      },
    },
  ];
}

/** A boundary is random. */
function plainly(status: number, range: string, type: string, body: Buffer): unknown {
  const unbounded = (text: string) => text.replaceAll(/[0-9a-f]{60}/g, "BOUNDARY");
  return [status, range, unbounded(type), unbounded(body.toString("latin1"))];
}

function bootless({ boot, ...fields }: Readonly<Record<string, unknown>>): unknown {
  return { ...filled(fields), ...(boot ? { boot: filled(boot as Record<string, unknown>) } : {}) };
}

/** What the two read differently on purpose: Go puts two values of one name together, where the later one counts here. Nobody writes that. */
function saysOddly(text: string): boolean {
  // Go looks at a number that is too large only where it has a use for it.
  if (/\d[eE]\+?\d{3}|\d{300}/.test(text)) return true;
  const named = [...text.matchAll(/"(?:[^"\\]|\\.)*"(\s*:)?/gs)].filter(([, colon]) => colon !== undefined);
  try {
    return named.length !== namesIn(JSON.parse(text));
  } catch {
    return false;
  }
}

function namesIn(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  const own = Array.isArray(value) ? 0 : new Set(Object.keys(value).map((key) => key.toLowerCase())).size;
  return Object.values(value).reduce((sum: number, each) => sum + namesIn(each), own);
}

function words(text: string): readonly string[] {
  return text.replaceAll("\0", "").split(" ");
}
