// What is sent back, before anything is sent.
import { sniff } from "../go/sniff.ts";

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** A request as far as answers depend on it. */
export interface Asked {
  readonly method: string;
  /** As it came, one character a byte: path and query. */
  readonly target: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
}

export const plain = "text/plain; charset=utf-8";

export function ok(body: Uint8Array, type: string = sniff(body)): Answer {
  return { status: 200, headers: { "Content-Type": type }, body };
}

export function failure(
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): Answer {
  return {
    status,
    headers: { ...headers, "Content-Type": plain, "X-Content-Type-Options": "nosniff" },
    body: Buffer.from(`${text}\n`),
  };
}

/** Whatever is missing. */
export const notFound: Answer = failure(404, "404 page not found");

/** Ignition and iPXE scripts ask again; after a 404 they would give up. */
export function notReady(reason: string): Answer {
  return failure(503, `503 not ready: ${reason.replaceAll(/\s+/g, " ")}`, { "Retry-After": "1" });
}
