// Processes and sockets as drivers use them: the thin edge, handed in by whoever opens a machine's power.
import { execFile } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { connect } from "node:net";
import type { PowerDeps } from "./types.ts";

/** Milliseconds. */
const answerTime = 1500;

/** Rejects with what the command said on standard error, and never with what it was given. */
export const runCommand: PowerDeps["runCommand"] = (
  [program = "", ...args],
  { input, folder, signal } = {},
) =>
  new Promise((resolve, reject) => {
    const child = execFile(
      program,
      args,
      { cwd: folder, signal, killSignal: "SIGKILL" },
      (error, stdout, stderr) => {
        if (error === null) return resolve(stdout);
        const said = stderr.trim().split("\n").slice(-3).join("; ");
        const how = error.code === undefined ? error.name : `ended with ${error.code}`;
        reject(new Error(`${program} ${how}${said === "" ? "" : `: ${said}`}`));
      },
    );
    // One that reads nothing, or is not there, must not end this process.
    child.stdin?.on("error", () => {}).end(input ?? "");
  });

export const sendPacket: PowerDeps["sendPacket"] = async (packet, { address, port }) => {
  const socket = createSocket("udp4");
  try {
    socket.bind();
    await once(socket, "listening");
    socket.setBroadcast(true);
    await new Promise<void>((resolve, reject) =>
      socket.send(packet, port, address, (error) => (error === null ? resolve() : reject(error))),
    );
  } finally {
    socket.close();
  }
};

/** A refusal is an answer: something at that address has a network. */
export const answers: PowerDeps["answers"] = (address, port, signal) =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: address, port, signal, timeout: answerTime });
    const end = (answered: boolean) => {
      socket.destroy();
      resolve(answered);
    };
    socket
      .once("connect", () => end(true))
      .once("timeout", () => end(false))
      .once("error", (error: NodeJS.ErrnoException) => {
        if (signal?.aborted) reject(signal.reason);
        else end(error.code === "ECONNREFUSED" || error.code === "ECONNRESET");
      });
  });

export const request: PowerDeps["fetch"] = async (url, { trust, ...init }) => {
  if (trust === undefined) return fetch(url, init);
  // Loaded only where a site names whom it trusts.
  return (await import("./trusting-fetch.ts")).trustingFetch(url, init, trust);
};
