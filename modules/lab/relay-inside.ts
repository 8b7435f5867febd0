// Runs inside the switch's network namespace; see relay.ts. Ends with its parent.
import { createServer } from "node:http";
import { BlockList, connect, isIP, type Server, type Socket } from "node:net";
import type { RelayPort } from "./relay.ts";

process.on("disconnect", () => process.exit(0));
process.on("message", (relay: RelayPort, server: Server) => {
  const accept =
    relay.kind === "proxy" ? proxy(relay.cidr) : (socket: Socket) => join(socket, connect(relay.to));
  server.on("connection", accept);
});
process.stdout.write("relay: ready\n");

function proxy(cidr: string): (socket: Socket) => void {
  const allowed = new BlockList();
  const [network, prefix] = cidr.split("/");
  allowed.addSubnet(network!, Number(prefix), "ipv4");
  const http = createServer((_, response) => {
    response.writeHead(405, { "content-type": "text/plain" }).end("only CONNECT\n");
  });
  http.on("connect", (request, socket: Socket, head) => {
    const [, host, port] = /^\[?([^\]]*)\]?:(\d+)$/.exec(request.url ?? "") ?? [];
    if (host === undefined || isIP(host) !== 4 || !allowed.check(host)) {
      socket.end("HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n");
      return;
    }
    const target = connect({ host, port: Number(port) });
    target.once("connect", () => {
      target.off("error", refuse);
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      if (head.length > 0) target.write(head);
      join(socket, target);
    });
    const refuse = () => socket.end("HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n");
    target.once("error", refuse);
    socket.on("error", () => target.destroy());
  });
  return (socket) => http.emit("connection", socket);
}

/** Both ways until both have ended, each by itself; an error of one destroys the other. */
function join(a: Socket, b: Socket): void {
  for (const [from, to] of [
    [a, b],
    [b, a],
  ] as const) {
    from.allowHalfOpen = true;
    from.setNoDelay(true);
    from.on("error", () => to.destroy());
    from.on("close", (failed) => failed && to.destroy());
    from.pipe(to);
  }
}
