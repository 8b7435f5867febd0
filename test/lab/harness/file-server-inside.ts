// Runs inside a network namespace; see file-server.ts. Ends with whoever started it.
//   node file-server-inside.ts ADDRESS PORT
import { spawn } from "node:child_process";
import { createServer } from "node:net";
import type { Connection } from "./file-server.ts";

const sftp = "/usr/lib/openssh/sftp-server";
const [address = "", port = ""] = process.argv.slice(2);
let count = 0;

process.stdin.on("end", () => process.exit(0)).resume();
const server = createServer((socket) => {
  count += 1;
  const connection = { id: count, machine: socket.remoteAddress ?? "" };
  const say = (event: Connection["event"]) =>
    process.stdout.write(`${JSON.stringify({ ...connection, event, at: new Date().toISOString() })}\n`);
  say("opened");
  const child = spawn(sftp, ["-e"], { stdio: ["pipe", "pipe", "inherit"] });
  socket.pipe(child.stdin);
  child.stdout.pipe(socket);
  // Either side may be gone while there is something for it.
  for (const stream of [socket, child.stdin, child.stdout]) stream.on("error", () => socket.destroy());
  socket.on("close", () => child.kill());
  child.on("close", () => {
    socket.destroy();
    say("closed");
  });
});
server.listen(Number(port), address, () => process.stdout.write("ready\n"));
