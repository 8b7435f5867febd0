// What is refused at the door, as by Matchbox: foreign, expired and missing certificates, old TLS, no TLS. And what comes
// too slowly, too long or too often, which Matchbox bears without end.
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect as connectHttp2 } from "node:http2";
import { connect as connectTcp, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { type ConnectionOptions, connect } from "node:tls";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Credential, issueAuthority, issueCertificate } from "../../modules/pki/index.ts";
import { ask, outcome, type Peer, type Peers, startPeers, withClients } from "./peers.ts";

let peers: Peers;
let folder: string;
const year = 366 * 86_400_000;

beforeAll(async () => {
  peers = await startPeers();
  folder = mkdtempSync(join(tmpdir(), "landfall-boot-tls-"));
}, 600_000);
afterAll(async () => {
  await peers?.stop();
  rmSync(folder, { recursive: true });
});
/** Whatever came, the next one is served. */
afterEach(async () => {
  expect((await ask(peers.ours, "/")).body).toBe("matchbox\n");
  expect(await outcome(peers.ours.groups.groupList({}), peers.ours)).not.toHaveProperty("code");
});

function authorityOf({ tls }: Peer): Credential {
  return {
    certificate: readFileSync(join(tls, "ca.crt"), "utf8"),
    key: readFileSync(join(tls, "ca.key"), "utf8"),
  };
}

function foreignAuthority(): Credential {
  return issueAuthority({ authority: "kubernetes", cluster: "foreign", now: new Date() });
}

function clientCertificate(authority: Credential, at = 0, usage: "client" | "server" = "client") {
  return issueCertificate({
    now: new Date(Date.now() + at),
    authority,
    request: {
      id: "client",
      machine: undefined,
      authority: "kubernetes",
      commonName: "client",
      organizations: [],
      dnsNames: [],
      addresses: [],
      usages: [usage],
      target: undefined,
    },
  });
}

/** What a call gives with this certificate. */
async function call(
  peer: Peer,
  { certificate, key }: { certificate: string; key: string },
): Promise<unknown> {
  const tls = mkdtempSync(join(folder, "client-"));
  mkdirSync(tls, { recursive: true });
  writeFileSync(join(tls, "ca.crt"), readFileSync(join(peer.tls, "ca.crt")));
  writeFileSync(join(tls, "client.crt"), certificate);
  writeFileSync(join(tls, "client.key"), key, { mode: 0o600 });
  const client = withClients({ ...peer, tls, stop: async () => {} });
  try {
    return await outcome(client.groups.groupList({}, { timeoutMs: 5000 }), peer);
  } finally {
    await client.stop();
  }
}

/** Whether anything is answered to one who connects so. */
function handshake({ rpc, tls }: Peer, options: ConnectionOptions): Promise<string> {
  const [host, port] = rpc.split(":");
  return new Promise((resolve) => {
    const socket = connect({
      host: host!,
      port: Number(port),
      ca: readFileSync(join(tls, "ca.crt")),
      ALPNProtocols: ["h2"],
      ...options,
    });
    socket.on("secureConnect", () =>
      socket.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0", "latin1"),
    );
    socket.on("data", () => {
      socket.destroy();
      resolve("served");
    });
    socket.on("error", () => resolve("refused"));
    socket.on("close", () => resolve("refused"));
  });
}

const bothPeers = () => [peers.real, peers.ours];

describe("a client certificate", () => {
  it("of the authority is let in", async () => {
    for (const peer of bothPeers())
      expect(await call(peer, clientCertificate(authorityOf(peer)))).not.toHaveProperty("code");
  });

  it.each([
    ["of another authority", () => clientCertificate(foreignAuthority())],
    ["that has expired", (peer: Peer) => clientCertificate(authorityOf(peer), -3 * year)],
    ["that is not valid yet", (peer: Peer) => clientCertificate(authorityOf(peer), year)],
    ["for servers", (peer: Peer) => clientCertificate(authorityOf(peer), 0, "server")],
  ])("%s is refused", async (_, certificate) => {
    for (const peer of bothPeers()) expect(await call(peer, certificate(peer))).toHaveProperty("code");
  });

  it("is needed", async () => {
    for (const peer of bothPeers()) expect(await handshake(peer, {})).toBe("refused");
  });
});

describe("TLS", () => {
  const certificate = ({ tls }: Peer) => ({
    cert: readFileSync(join(tls, "client.crt")),
    key: readFileSync(join(tls, "client.key")),
  });

  it.each([
    ["TLSv1.3", "served"],
    ["TLSv1.2", "served"],
    ["TLSv1.1", "refused"],
  ] as const)("%s is %s", async (version, expected) => {
    const ciphers = "DEFAULT@SECLEVEL=0";
    for (const peer of bothPeers())
      expect(
        await handshake(peer, { ...certificate(peer), minVersion: version, maxVersion: version, ciphers }),
      ).toBe(expected);
  });

  it("is spoken, and nothing else", async () => {
    const socket = open(peers.ours.rpc);
    socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    expect(await text(socket).catch(() => "")).not.toContain("200");
  });
});

function open(address: string): Socket {
  const [host, port] = address.replace("http://", "").split(":");
  const socket = connectTcp({ host: host!, port: Number(port) });
  socket.on("error", () => {});
  return socket;
}

/** All that comes back until the other side closes. */
async function exchange(
  start: string,
  { http }: Peer = peers.ours,
): Promise<{ answer: string; seconds: number }> {
  const began = performance.now();
  const socket = open(http);
  socket.write(start, "latin1");
  const answer = await text(socket).catch(() => "");
  return { answer, seconds: (performance.now() - began) / 1000 };
}

describe("HTTP", () => {
  it.each([
    "GET /boot.ipxe HTTP/1.0\r\n\r\n",
    "GET /nothing HTTP/1.0\r\nHost: x\r\n\r\n",
    "GET /boot.ipxe HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    "GET /ipxe HTTP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    "POST /boot.ipxe HTTP/1.0\r\nContent-Length: 2\r\n\r\nab",
    "GET /boot.ipxe HTTP/1.1\r\n\r\n",
  ])("of old and of plain clients is answered, and closed: %j", async (request) => {
    const [theirs, mine] = await Promise.all([exchange(request, peers.real), exchange(request)]);
    const plain = (answer: string) =>
      answer
        .split("\r\n")
        .filter((line) => !/^(?:date|connection|content-length|content-type|x-content)/i.test(line))
        .map((line) => line.replace(/^HTTP\/1\.[01] (\d+).*|^400 Bad Request.*/, "$1"));
    expect(plain(mine.answer)[0]).toBe(plain(theirs.answer)[0]);
    if (!mine.answer.includes(" 400 ")) expect(plain(mine.answer)).toEqual(plain(theirs.answer));
    expect(mine.seconds).toBeLessThan(5);
  });

  it("that never ends is ended", async () => {
    const [header, body] = await Promise.all([
      exchange("GET /ipxe HTTP/1.1\r\nHost: x\r\nX-Slow: "),
      exchange("POST /report?mac=52:54:00:00:00:01 HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\norder="),
    ]);
    expect(header.answer).toContain("408");
    expect(header.seconds).toBeLessThan(20);
    expect(body.seconds).toBeLessThan(40);
  });

  it("with more headers than anyone needs is refused", async () => {
    const { answer } = await exchange(`GET /ipxe HTTP/1.1\r\nHost: x\r\nX: ${"x".repeat(20_000)}\r\n\r\n`);
    expect(answer).toContain("431");
  });

  it("with a body that nobody asked for is answered, and closed", async () => {
    const { answer } = await exchange(
      "POST /boot.ipxe HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n\r\nx",
    );
    expect(answer).toContain("200 OK");
    const report = await exchange(
      `POST /report?mac=52:54:00:00:00:01 HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 100000\r\n\r\n${"x".repeat(100_000)}`,
    );
    expect(report.answer).toContain("413");
  });

  it.each([
    "\r\n\r\n",
    "GET\r\n\r\n",
    "\x16\x03\x01\x02\0\x01",
    "GET /\0 HTTP/1.1\r\n\r\n",
    "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
  ])("as garbage is refused: %j", async (garbage) => {
    const socket = open(peers.ours.http);
    socket.end(garbage, "latin1");
    expect(await text(socket).catch(() => "")).not.toContain("200 OK");
  });

  it("answers while a thousand connections say nothing", async () => {
    const sockets = Array.from({ length: 1000 }, () => open(peers.ours.http));
    for (const socket of sockets) socket.write("GET /ipxe HTTP/1.1\r\n");
    expect((await ask(peers.ours, "/")).status).toBe(200);
    for (const socket of sockets) socket.destroy();
  });
});

describe("gRPC", () => {
  it("with more than four megabytes is refused, and nothing is written", async () => {
    const config = Buffer.alloc(5_000_000, "x");
    for (const peer of bothPeers()) {
      expect(await outcome(peer.generic.genericPut({ name: "big", config }), peer)).toMatchObject({
        code: "ResourceExhausted",
      });
      expect(await outcome(peer.generic.genericGet({ name: "big" }), peer)).toMatchObject({
        code: "Unknown",
      });
    }
  });

  it.each(["/no.Such/Thing", "/rpcpb.Groups/Thing"])("of %s is unimplemented", async (path) => {
    for (const { rpc, tls } of bothPeers()) {
      const session = connectHttp2(`https://${rpc}`, {
        ca: readFileSync(join(tls, "ca.crt")),
        cert: readFileSync(join(tls, "client.crt")),
        key: readFileSync(join(tls, "client.key")),
      });
      const stream = session.request({
        ":path": path,
        ":method": "POST",
        "content-type": "application/grpc",
      });
      stream.end(Buffer.alloc(5));
      const [headers] = await once(stream, "response");
      expect(headers).toMatchObject({ ":status": 200, "grpc-status": "12" });
      session.destroy();
    }
  });
});
