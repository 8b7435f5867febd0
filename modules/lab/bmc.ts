// The rack's BMCs: their credentials and their HTTP servers, on this computer's loopback.
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { dirname } from "node:path";
import type { FaultDice } from "./bmc-faults.ts";
import type { LabMachine } from "./config.ts";
import { readConsole } from "./console.ts";
import type { VirtualMachine } from "./machine.ts";
import { type Bmc, bmcAt, redfish } from "./redfish.ts";
import { listenAt } from "./relay.ts";

const maximumBody = 64 << 10;

/** The `user:password` in a file, made at random when it is not there. */
export function bmcCredentials(file: string): string {
  if (!existsSync(file)) {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, `landfall:${randomBytes(18).toString("base64url")}\n`, { mode: 0o600, flag: "wx" });
  }
  return readFileSync(file, "utf8").trim();
}

/** The BMC in front of a machine. */
export function bmcOf(plan: LabMachine, machine: VirtualMachine, dice: FaultDice): Bmc {
  return {
    dice,
    path: plan.bmc.path,
    credentials: plan.credentialsFile === undefined ? undefined : bmcCredentials(plan.credentialsFile),
    target: {
      name: machine.name,
      get power() {
        return machine.power;
      },
      get bootOnce() {
        return machine.bootOnce;
      },
      set bootOnce(value: boolean) {
        machine.bootOnce = value;
      },
      powerOn: () => machine.powerOn(),
      powerOff: () => machine.powerOff(),
      readConsole: () => readConsole(machine.console.path),
    },
  };
}

/** Serves BMCs at one host and port. @throws LandfallError `port-taken`. */
export async function serveBmcs(
  host: string,
  port: number,
  bmcs: readonly Bmc[],
  report: (error: unknown) => void,
): Promise<Server> {
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    let size = 0;
    incoming.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > maximumBody) incoming.destroy();
      else chunks.push(chunk);
    });
    incoming.on("end", async () => {
      try {
        const method = incoming.method ?? "GET";
        const path = new URL(incoming.url ?? "/", "http://bmc").pathname;
        switch (bmcAt(bmcs, path)?.dice.roll(method !== "GET")) {
          case "error":
            return response.writeHead(500).end();
          case "dropped":
            return incoming.destroy();
          case "silence":
            // Whoever asked gives up.
            return;
          case "lie":
            return response.writeHead(204).end();
        }
        const answer = await redfish(bmcs, {
          method,
          path,
          authorization: incoming.headers.authorization,
          body: Buffer.concat(chunks).toString(),
        });
        response.writeHead(answer.status, answer.headers).end(answer.body);
      } catch (error) {
        report(error);
        response.writeHead(500).end();
      }
    });
  });
  return await listenAt(server, host, port);
}
