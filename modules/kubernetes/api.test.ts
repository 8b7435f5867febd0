import { describe, expect, it } from "vitest";
import { type ApiReply, chooseServer, getJson, reason, type Send } from "./api.ts";

const a = "https://10.0.0.1:6443";
const b = "https://10.0.0.2:6443";

/** Servers by what they answer; a thrown text is a connection that failed, and an unlisted server never answers. */
function sending(answers: Record<string, (path: string) => number | Error>): { send: Send; sent: string[] } {
  const sent: string[] = [];
  const send: Send = async (server, { path }) => {
    sent.push(`${server} ${path}`);
    const answer = answers[server]?.(path) ?? (await new Promise<never>(() => {}));
    if (answer instanceof Error) throw answer;
    return { status: answer, body: "{}", date: undefined, server };
  };
  return { send, sent };
}

describe("chooseServer", () => {
  it("asks a lone server at once, without asking whether it is ready", async () => {
    const { send, sent } = sending({ [a]: () => 200 });
    await chooseServer([a], send).request({ path: "/version" });
    expect(sent).toEqual([`${a} /version`]);
  });

  it("takes the server that answers while another hangs, and asks /readyz only once", async () => {
    const { send, sent } = sending({ [b]: () => 200 });
    const api = chooseServer([a, b], send);
    const replies = await Promise.all([api.request({ path: "/1" }), api.request({ path: "/2" })]);
    expect(replies.map((reply) => reply.server)).toEqual([b, b]);
    expect(sent.filter((line) => line.endsWith("/readyz"))).toEqual([`${a} /readyz`, `${b} /readyz`]);
  });

  it("prefers a ready server to one that only answers, but takes the latter if no other does", async () => {
    const starting = (path: string) => (path === "/readyz" ? 500 : 200);
    const both = sending({ [a]: starting, [b]: () => 200 });
    expect((await chooseServer([a, b], both.send).request({ path: "/x" })).server).toBe(b);
    const one = sending({ [a]: starting, [b]: () => new Error("connect ECONNREFUSED") });
    expect((await chooseServer([a, b], one.send).request({ path: "/x" })).server).toBe(a);
  });

  it.each([
    ["gives no answer", new Error("other side closed")],
    ["answers 500 and above", 503],
  ])("chooses anew after a server %s", async (_, failure) => {
    let broken = false;
    const { send } = sending({
      [a]: () => (broken ? failure : 200),
      [b]: () => (broken ? 200 : new Error("connect ECONNREFUSED")),
    });
    const api = chooseServer([a, b], send);
    expect((await api.request({ path: "/x" })).server).toBe(a);
    broken = true;
    await api.request({ path: "/x" }).catch(() => undefined);
    expect((await api.request({ path: "/x" })).server).toBe(b);
  });

  it("names every server and what became of it when none answers", async () => {
    const { send } = sending({
      [a]: () => new Error("connect ECONNREFUSED"),
      [b]: () => new Error("no route"),
    });
    await expect(chooseServer([a, b], send).request({ path: "/x" })).rejects.toThrow(
      `${a}: connect ECONNREFUSED; ${b}: no route`,
    );
  });

  it("reaches one server by itself", async () => {
    const { send, sent } = sending({ [a]: () => 200, [b]: () => 200 });
    await chooseServer([a, b], send).only(b).request({ path: "/x" });
    expect(sent).toEqual([`${b} /x`]);
  });
});

describe("getJson", () => {
  const answering = (reply: Partial<ApiReply>) =>
    chooseServer([a], async () => ({ status: 200, body: "{}", date: undefined, server: a, ...reply }));

  it("gives the value and the server's time", async () => {
    const date = new Date(0);
    expect(await getJson(answering({ body: '{"x":1}', date }), "/x")).toEqual({ value: { x: 1 }, date });
  });

  it.each([
    [
      "a Status",
      { status: 404, body: '{"kind":"Status","message":"nodes \\"w1\\" not found"}' },
      '404 nodes "w1" not found',
    ],
    ["plain text", { status: 500, body: "[-]etcd failed\n" }, "500 [-]etcd failed"],
    ["no JSON", { body: "<html>" }, "answered /x with no JSON: <html>"],
  ])("rejects with the server's words: %s", async (_, reply, message) => {
    await expect(getJson(answering(reply), "/x")).rejects.toThrow(message);
  });
});

describe("reason", () => {
  it.each([
    [new AggregateError([new Error("one"), new Error("two")]), "one, two"],
    [new TypeError("fetch failed", { cause: new Error("connect ECONNREFUSED") }), "connect ECONNREFUSED"],
    [new DOMException("The operation was aborted due to timeout", "TimeoutError"), "no answer in time"],
    [
      Object.assign(new Error("Headers Timeout Error"), { code: "UND_ERR_HEADERS_TIMEOUT" }),
      "no answer in time",
    ],
    [new Error("Proxy response (502) !== 200 when HTTP Tunneling"), "the proxy cannot reach it (502)"],
    ["text", "text"],
  ])("says %s in a line", (error, line) => {
    expect(reason(error)).toBe(line);
  });
});
