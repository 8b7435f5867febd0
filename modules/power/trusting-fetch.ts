// HTTPS to a controller whose certificate no public authority signed.
import type { X509Certificate } from "node:crypto";
import type { TLSSocket } from "node:tls";
import { Agent, buildConnector, fetch } from "undici";
import type { PowerRequest, PowerResponse, Trust } from "./types.ts";

/** As fetch, trusting one authority, or one certificate and no other. A connection of its own each time. */
export async function trustingFetch(
  url: string,
  init: Omit<PowerRequest, "trust">,
  trust: Trust,
): Promise<PowerResponse> {
  const dispatcher = new Agent({ connect: "ca" in trust ? { ca: trust.ca } : pinned(trust.fingerprint) });
  try {
    const response = await fetch(url, { ...init, dispatcher });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text: async () => text };
  } finally {
    await dispatcher.close();
  }
}

/** Nothing is sent before the certificate was looked at. */
function pinned(fingerprint: string): buildConnector.connector {
  const connect = buildConnector({ rejectUnauthorized: false });
  return (options, callback) =>
    connect(options, (error, socket) => {
      if (error !== null) return callback(error, null);
      const shown = digestOf((socket as TLSSocket).getPeerX509Certificate?.());
      if (shown === fingerprint) return callback(null, socket);
      socket.destroy();
      callback(new Error(`its certificate's fingerprint is ${shown}, expected ${fingerprint}`), null);
    });
}

function digestOf(certificate: X509Certificate | undefined): string | undefined {
  return certificate?.fingerprint256.replaceAll(":", "").toLowerCase();
}
