// Who is connected. One request of each is answered at a time, and there is room for who comes next.
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { Server as TlsServer } from "node:tls";

export interface ConnectionLimits {
  /** Connections at once. One more, and the one that has been silent for longest goes. */
  readonly connections: number;
  /** Requests of one connection that wait for the answer before theirs. One more, and it goes. */
  readonly waiting: number;
  /** Milliseconds for a reader that takes nothing. */
  readonly stalled: number;
}

interface Connection {
  answering: boolean;
  readonly waiting: (() => void)[];
}

/**
 * @param answer called in turn: a connection has no second file open, nor a second answer in memory, before it has taken
 *   the first.
 */
export function inTurn(
  server: Server,
  limits: ConnectionLimits,
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): void {
  /** Those that came first, first. */
  const connections = new Map<Socket, Connection>();

  function begin(connection: Connection, request: IncomingMessage, response: ServerResponse): void {
    connection.answering = true;
    response.once("close", () => {
      connection.answering = false;
      connection.waiting.shift()?.();
    });
    answer(request, response);
  }

  // Whoever is in the middle of TLS is cut off by its own time limit, and counts here.
  server.maxConnections = 2 * limits.connections;
  server.on(server instanceof TlsServer ? "secureConnection" : "connection", (socket: Socket) => {
    connections.set(socket, { answering: false, waiting: [] });
    socket.once("close", () => connections.delete(socket));
    if (connections.size > limits.connections) makeRoom(connections);
  });
  server.on("request", (request, response) => {
    const connection = connections.get(request.socket);
    // Gone meanwhile.
    if (connection === undefined) return;
    if (!connection.answering) begin(connection, request, response);
    else if (connection.waiting.length >= limits.waiting) request.socket.destroy();
    else connection.waiting.push(() => begin(connection, request, response));
  });
  server.setTimeout(limits.stalled, (socket: Socket) => {
    if (socket.writableLength > 0) socket.destroy();
    // Its answer is on its way: a file has a queue, and a store has its own patience.
    else socket.setTimeout(limits.stalled);
  });
}

function makeRoom(connections: ReadonlyMap<Socket, Connection>): void {
  for (const [socket, { answering }] of connections) {
    if (answering || socket.destroyed) continue;
    socket.destroy();
    return;
  }
}

/**
 * Keeps those who have not shown a certificate yet from keeping others out: at most so many are in the middle of it; one
 * more, and the first of them goes.
 */
export function limitHandshakes(server: TlsServer, most: number): void {
  const pending = new Map<string, Socket>();
  const nameOf = ({ remoteAddress, remotePort }: Socket) => `${remoteAddress} ${remotePort}`;
  server.on("connection", (socket: Socket) => {
    const name = nameOf(socket);
    pending.set(name, socket);
    socket.once("close", () => pending.get(name) === socket && pending.delete(name));
    if (pending.size <= most) return;
    const [first] = pending.keys();
    pending.get(first!)?.destroy();
    pending.delete(first!);
  });
  server.on("secureConnection", (socket) => pending.delete(nameOf(socket)));
}
