// From 127.0.0.1 of this computer into the lab's network. The listening sockets are made here, in the computer's own
// namespace, and handed to a child inside the switch's namespace: a socket stays in the namespace where it was made,
// and what the child connects to is the lab's.
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { LandfallError } from "../spec/index.ts";
import type { LabPlan } from "./config.ts";

/** What the child is told with each socket. */
export type RelayPort =
  | { readonly kind: "forward"; readonly to: { readonly host: string; readonly port: number } }
  /** HTTP CONNECT, into the lab's network only. */
  | { readonly kind: "proxy"; readonly cidr: string };

export interface RelayListener {
  readonly host: string;
  readonly port: number;
  readonly relay: RelayPort;
}

export const relayProgram = join(import.meta.dirname, "relay-inside.ts");

/** What the lab listens to on 127.0.0.1, but for the BMCs. */
export function relayListeners(plan: LabPlan): RelayListener[] {
  return [
    {
      host: "127.0.0.1",
      port: plan.http.port,
      relay: { kind: "forward", to: { host: plan.gateway, port: plan.http.port } },
    },
    { ...plan.rpc, relay: { kind: "forward", to: { host: plan.gateway, port: plan.rpc.port } } },
    ...(plan.page === undefined
      ? []
      : [
          {
            ...plan.page,
            relay: { kind: "forward", to: { host: plan.gateway, port: plan.page.port } } as const,
          },
        ]),
    ...(plan.proxy === undefined
      ? []
      : [{ ...plan.proxy, relay: { kind: "proxy", cidr: plan.cidr } as const }]),
  ];
}

/** @throws LandfallError `port-taken`. */
export async function listen(
  listeners: readonly RelayListener[],
): Promise<{ server: Server; relay: RelayPort }[]> {
  return await Promise.all(
    listeners.map(async ({ host, port, relay }) => {
      // One that comes before the child has the socket must ask again.
      const server = createServer((early) => early.destroy());
      return { server: await listenAt(server, host, port), relay };
    }),
  );
}

/** @throws LandfallError `port-taken`. */
export async function listenAt<S extends Server>(server: S, host: string, port: number): Promise<S> {
  server.listen({ host, port });
  try {
    await once(server, "listening");
  } catch (error) {
    throw new LandfallError("port-taken", `the lab cannot listen on ${host}:${port}`, {
      found: (error as Error).message,
      expected: "a free port",
      next: "stop what listens there, or give the site other ports",
      cause: error,
    });
  }
  return server;
}

/** Gives a child (started with an IPC channel) all the sockets; this process keeps none. */
export function hand(child: ChildProcess, sockets: readonly { server: Server; relay: RelayPort }[]): void {
  for (const { server, relay } of sockets) child.send(relay, server, () => server.close());
}
