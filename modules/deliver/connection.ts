// A TCP connection to a machine, directly or through an HTTP CONNECT proxy.
import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import net from "node:net";
import type { Duplex } from "node:stream";
import { urlHost } from "../spec/index.ts";

export interface ConnectionOptions {
  readonly host: string;
  readonly port: number;
  /** URL; user and password in it are sent to the proxy. */
  readonly proxy: string | undefined;
  /** Bounds the attempt; later aborts close the connection. */
  readonly signal: AbortSignal;
}

export function openConnection(options: ConnectionOptions): Promise<Duplex> {
  return options.proxy === undefined ? direct(options) : proxied(options, new URL(options.proxy));
}

function direct({ host, port, signal }: ConnectionOptions): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host, port, noDelay: true, signal });
    socket.once("error", reject);
    socket.once("connect", () => {
      socket.off("error", reject);
      resolve(socket);
    });
  });
}

function proxied({ host, port, signal }: ConnectionOptions, proxy: URL): Promise<Duplex> {
  const authority = `${urlHost(host)}:${port}`;
  const user = decodeURIComponent(`${proxy.username}:${proxy.password}`);
  return new Promise((resolve, reject) => {
    const connect = (proxy.protocol === "https:" ? httpsRequest : httpRequest)({
      host: proxy.hostname.replace(/^\[|\]$/g, ""),
      port: proxy.port || (proxy.protocol === "https:" ? 443 : 80),
      method: "CONNECT",
      path: authority,
      headers: {
        host: authority,
        ...(user === ":" ? {} : { "proxy-authorization": `Basic ${Buffer.from(user).toString("base64")}` }),
      },
      agent: false,
      signal,
    });
    connect.once("error", reject);
    connect.once("response", (response) => reject(refusal(response)));
    connect.once("connect", (response, socket, head) => {
      if (response.statusCode !== 200) {
        socket.destroy();
        reject(refusal(response));
        return;
      }
      // sshd may speak first, and its greeting come with the proxy's answer.
      if (head.length > 0) socket.unshift(head);
      resolve(socket);
    });
    connect.end();
  });
}

function refusal(response: IncomingMessage): Error {
  return new Error(`the proxy answered ${response.statusCode} ${response.statusMessage}`);
}
