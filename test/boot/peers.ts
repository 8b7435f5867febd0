// Real Matchbox and Landfall's boot service side by side, asked the same.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Client, Code, ConnectError, createClient } from "@connectrpc/connect";
import { createGrpcTransport, Http2SessionManager } from "@connectrpc/connect-node";
import { Generic, Groups, Ignition, Profiles, Select } from "../../modules/boot/rpc/generated/matchbox_pb.ts";
import { type Matchbox, startLandfallBoot, startMatchbox } from "../support/matchbox.ts";
import { peerTools } from "../support/tools.ts";

export interface Peer extends Matchbox {
  readonly groups: Client<typeof Groups>;
  readonly profiles: Client<typeof Profiles>;
  readonly ignition: Client<typeof Ignition>;
  readonly generic: Client<typeof Generic>;
  readonly select: Client<typeof Select>;
}

export interface Peers {
  readonly real: Peer;
  readonly ours: Peer;
  /** Programs of Matchbox's own. */
  readonly matchbox: string;
  readonly bootcmd: string;
  readonly stop: () => Promise<void>;
}

export async function startPeers(): Promise<Peers> {
  const { matchbox, bootcmd } = await peerTools();
  const folder = mkdtempSync(join(tmpdir(), "landfall-boot-"));
  const [real, ours] = await Promise.all([
    startMatchbox(matchbox, join(folder, "real")).then(withClients),
    startLandfallBoot(join(folder, "ours")).then(withClients),
  ]);
  return {
    real,
    ours,
    matchbox,
    bootcmd,
    async stop() {
      await Promise.all([real.stop(), ours.stop()]);
      rmSync(folder, { recursive: true });
    },
  };
}

export function withClients(matchbox: Matchbox): Peer {
  const { rpc, tls } = matchbox;
  const pem = (name: string) => readFileSync(join(tls, name), "utf8");
  const baseUrl = `https://${rpc}`;
  const sessionManager = new Http2SessionManager(baseUrl, undefined, {
    ca: pem("ca.crt"),
    cert: pem("client.crt"),
    key: pem("client.key"),
  });
  const transport = createGrpcTransport({ baseUrl, sessionManager });
  return {
    ...matchbox,
    groups: createClient(Groups, transport),
    profiles: createClient(Profiles, transport),
    ignition: createClient(Ignition, transport),
    generic: createClient(Generic, transport),
    select: createClient(Select, transport),
    stop: async () => {
      sessionManager.abort();
      await matchbox.stop();
    },
  };
}

export interface Response {
  readonly status: number;
  /** Without dates, how the body is framed, and the ETag of assets: assets.peer.test.ts looks at these. */
  readonly headers: Readonly<Record<string, string>>;
  /** One character a byte. */
  readonly body: string;
}

const agent = new Agent({ keepAlive: true });

/** @param path as it goes over the wire */
export function ask(
  { http }: Matchbox,
  path: string,
  { method = "GET", headers = {} }: { method?: string; headers?: Record<string, string> } = {},
): Promise<Response> {
  const { hostname, port } = new URL(http);
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path, method, headers, agent }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () =>
        resolve({
          status: response.statusCode!,
          headers: Object.fromEntries(
            pairs(response.rawHeaders).filter(
              ([name]) =>
                !/^(?:date|last-modified|etag|content-length|transfer-encoding|connection)$/i.test(name),
            ),
          ),
          body: Buffer.concat(chunks).toString("latin1"),
        }),
      );
    });
    sent.on("error", reject);
    sent.end();
  });
}

function pairs(raw: readonly string[]): [string, string][] {
  return Array.from(
    { length: raw.length / 2 },
    (_, i) => [raw[2 * i]!, raw[2 * i + 1]!] as [string, string],
  ).sort();
}

/**
 * Metadata has no order of its own: Matchbox walks a map. Where the data is served as assets too, our store's lock is in
 * the list of them.
 */
export function sortedLines({ status, headers, body }: Response): Response {
  const lines = body.split("\n").filter((line) => !line.includes(">.landfall-lock<"));
  return { status, headers, body: lines.sort().join("\n") };
}

/** What a call gives, or its code and message. */
export async function outcome(call: Promise<object>, peer: Matchbox): Promise<unknown> {
  try {
    return await call;
  } catch (error) {
    const { code, rawMessage } = ConnectError.from(error);
    return { code: Code[code], message: rawMessage.replaceAll(peer.data, "DATA") };
  }
}

/** Writes the same file into both data folders. */
export function writeBoth({ real, ours }: Peers, path: string, text: string | Uint8Array): void {
  for (const { data } of [real, ours]) {
    mkdirSync(join(data, path, ".."), { recursive: true });
    writeFileSync(join(data, path), text);
  }
}

/** Nothing is in either. Landfall's is told, so that it has forgotten as well. */
export async function empty({ real, ours }: Peers): Promise<void> {
  const names = (peer: Peer, kind: string) =>
    readdirSync(join(peer.data, kind)).filter((name) => !name.startsWith("."));
  for (const kind of ["groups", "profiles", "ignition", "generic"])
    for (const name of names(real, kind)) rmSync(join(real.data, kind, name));
  const ids = (kind: string) => names(ours, kind).map((name) => name.replace(/\.json$/, ""));
  await Promise.all([
    ...ids("groups").map((id) => ours.groups.groupDelete({ id })),
    ...ids("profiles").map((id) => ours.profiles.profileDelete({ id })),
    ...names(ours, "ignition").map((name) => ours.ignition.ignitionDelete({ name })),
    ...names(ours, "generic").map((name) => ours.generic.genericDelete({ name })),
  ]);
}
