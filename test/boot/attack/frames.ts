// HTTP/2 by hand, over TLS with a client's certificate: what no library would send.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { connect, type TLSSocket } from "node:tls";
import type { Matchbox } from "../../support/matchbox.ts";

export const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");

export const types = {
  data: 0,
  headers: 1,
  priority: 2,
  reset: 3,
  settings: 4,
  ping: 6,
  windowUpdate: 8,
  continuation: 9,
} as const;
export const flags = { endStream: 1, endHeaders: 4 } as const;

export function frame(
  type: number,
  flag: number,
  stream: number,
  payload: Uint8Array = Buffer.alloc(0),
): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flag, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** A header that is in no table, as it is. */
export function literal(name: string, value: string): Buffer {
  const text = (each: string) => Buffer.concat([length(each.length), Buffer.from(each, "latin1")]);
  return Buffer.concat([Buffer.of(0), text(name), text(value)]);
}

/** HPACK's integers of seven bits and more. */
function length(value: number): Buffer {
  if (value < 127) return Buffer.of(value);
  const bytes = [127];
  let rest = value - 127;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.of(...bytes, rest);
}

/** The headers of a call. */
export function call(path: string, more: readonly (readonly [string, string])[] = []): Buffer {
  const all = [
    [":method", "POST"],
    [":scheme", "https"],
    [":path", path],
    [":authority", "x"],
    ["te", "trailers"],
    ["content-type", "application/grpc"],
    ...more,
  ] as const;
  return Buffer.concat(all.map(([name, value]) => literal(name, value)));
}

/** A message as gRPC frames it. */
export function message(bytes: Uint8Array, { compressed = false, says = bytes.length } = {}): Buffer {
  return Buffer.concat([Buffer.of(compressed ? 1 : 0), uint32(says), bytes]);
}

export interface Session {
  readonly socket: TLSSocket;
  /** All bytes that came. */
  readonly received: () => Buffer;
  readonly closed: Promise<void>;
}

/** With the client's certificate, and past the first settings. */
export function session({ rpc, tls }: Matchbox, alpn = ["h2"]): Promise<Session> {
  const pem = (name: string) => readFileSync(join(tls, name));
  const [host, port] = rpc.split(":");
  return new Promise((resolve, reject) => {
    const socket = connect({
      host: host!,
      port: Number(port),
      ca: pem("ca.crt"),
      cert: pem("client.crt"),
      key: pem("client.key"),
      ...(alpn.length > 0 && { ALPNProtocols: alpn }),
    });
    const chunks: Buffer[] = [];
    socket.on("data", (chunk) => chunks.push(chunk));
    socket.once("error", reject).on("error", () => {});
    const closed = new Promise<void>((done) => socket.once("close", () => done()));
    socket.once("secureConnect", () => {
      if (alpn.includes("h2")) socket.write(Buffer.concat([preface, frame(types.settings, 0, 0)]));
      resolve({ socket, received: () => Buffer.concat(chunks), closed });
    });
  });
}
