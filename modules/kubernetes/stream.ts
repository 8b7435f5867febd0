// An answer that is too large, or too long in coming, to be held as one text.
import { ApiError, type ApiOptions, openDispatcher } from "./api.ts";

export interface StreamRequest extends Omit<ApiOptions, "servers"> {
  /** `https://HOST:PORT` */
  readonly server: string;
  readonly path: string;
  /** JSON, for a POST. */
  readonly body: string;
  /** Without a byte for so long, it is given up. Default: 30 s. */
  readonly idleMs?: number;
  readonly signal: AbortSignal;
}

/** Posts, and yields the answer as it comes. @throws {ApiError} unless it is 200 */
export async function* stream(request: StreamRequest): AsyncGenerator<Buffer, void> {
  const { server, path, body, idleMs = 30_000, signal } = request;
  const { agent, undici } = await openDispatcher({ ...request, servers: [server] });
  try {
    const reply = await undici.request(server + path, {
      dispatcher: agent,
      method: "POST",
      headers: { accept: "application/json", "content-type": "application/json" },
      body,
      headersTimeout: idleMs,
      bodyTimeout: idleMs,
      signal,
    });
    if (reply.statusCode !== 200) {
      let said = "";
      for await (const chunk of reply.body) {
        said += String(chunk);
        if (said.length > 4096) break;
      }
      throw new ApiError(`POST ${path}`, { status: reply.statusCode, body: said, date: undefined, server });
    }
    for await (const chunk of reply.body) yield chunk as Buffer;
  } finally {
    await agent.destroy();
  }
}
