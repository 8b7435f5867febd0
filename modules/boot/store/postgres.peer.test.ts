// The contract against Debian's PostgreSQL, and what only a database does: it goes away, and others use it too.
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { statSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openMachines } from "../machine/machines.ts";
import { postgresServer } from "./example-postgres.ts";
import { openPostgresStore } from "./postgres.ts";
import { storeContract } from "./store.contract.ts";

const server = postgresServer();
beforeAll(() => server.start(), 90_000);
afterAll(() => server.remove(), 30_000);

/** A database of its own, empty. */
function database(): string {
  const name = `d${randomBytes(6).toString("hex")}`;
  server.psql(`create database ${name}`);
  return server.connection.replace("/postgres?", `/${name}?`);
}

storeContract("PostgreSQL", async () => {
  const connection = database();
  return { open: () => openPostgresStore(connection), remove: async () => {} };
});

test("watchers hear also of what somebody changed and did not tell", async () => {
  const connection = database();
  const name = /\/(d[0-9a-f]+)\?/.exec(connection)![1]!;
  const store = await openPostgresStore(connection, { pingEvery: 100 });
  for (const key of ["a", "b", "c"]) await store.put("groups", key, Buffer.from("1"));
  await new Promise((resolve) => setTimeout(resolve, 300));
  const seen: string[] = [];
  store.watch(({ kind, key }) => seen.push(`${kind}/${key}`));
  server.psql("update landfall_boot.documents set version = default where key = 'a'", name);
  server.psql("delete from landfall_boot.documents where key = 'b'", name);
  await expect.poll(() => seen.sort(), { timeout: 5_000 }).toEqual(["groups/a", "groups/b"]);
  await store.close();
});

test("two replicas that start at once make one schema", async () => {
  const connection = database();
  const stores = await Promise.all(
    Array.from({ length: 6 }, () => openPostgresStore(connection, { connections: 1 })),
  );
  await stores[0]!.put("groups", "a", Buffer.from("1"));
  for (const store of stores) {
    expect((await store.list("groups")).map(({ key }) => key)).toEqual(["a"]);
    await store.close();
  }
});

test("a user who may not make schemas may use one that is there", async () => {
  const connection = database();
  await (await openPostgresStore(connection)).close();
  const name = /\/(d[0-9a-f]+)\?/.exec(connection)![1];
  server.psql(`create role ${name} login`);
  const guest = connection.replace("landfall@", `${name}@`);
  await expect(openPostgresStore(database().replace("landfall@", `${name}@`))).rejects.toMatchObject({
    code: "store-unreachable",
  });
  for (const what of ["usage on schema", "all on all tables in schema", "all on all sequences in schema"])
    server.psql(`grant ${what} landfall_boot to ${name}`, name);
  const store = await openPostgresStore(guest);
  await store.put("groups", "a", Buffer.from("1"));
  await store.close();
});

test("a database without room says so, harms nothing, and goes on when there is some", async () => {
  const small = postgresServer();
  const folder = small.folder("small");
  const { uid, gid } = statSync(folder);
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=1m,uid=${uid},gid=${gid},mode=700`, "tmpfs", folder]);
  try {
    await small.start();
    const store = await openPostgresStore(small.connection);
    small.psql(`create tablespace small location '${folder}'`);
    small.psql("alter table landfall_boot.documents set tablespace small");
    await store.put("groups", "before", Buffer.from("1"));
    // Random, since PostgreSQL compresses.
    const write = (number: number) => store.put("generic", String(number), randomBytes(60_000));
    let written = 0;
    const error: unknown = await (async () => {
      for (; written < 100; written++) await write(written);
    })().catch((thrown) => thrown);
    expect(error).toMatchObject({ code: "store-full" });
    expect((await store.list("generic")).length).toBe(written);
    expect(Buffer.from((await store.get("groups", "before"))!.bytes).toString()).toBe("1");
    execFileSync("mount", ["-o", "remount,size=4m", folder]);
    await write(0);
    await store.close();
  } finally {
    await small.stop("at once");
    execFileSync("umount", [folder]);
    await small.remove();
  }
}, 60_000);

describe("a database that goes away", () => {
  test("is an error while it is away, and after that all goes on; watchers hear what they missed", async () => {
    const connection = database();
    const store = await openPostgresStore(connection, { pingEvery: 200 });
    const seen: string[] = [];
    store.watch(({ kind, key }) => seen.push(`${kind}/${key}`));
    await store.put("groups", "kept", Buffer.from("1"));
    await store.put("groups", "gone", Buffer.from("1"));
    await server.stop("at once");
    const machines = openMachines({ store, now: () => new Date() });
    await expect(machines.apply("52:54:00:00:00:01", { type: "boot" })).rejects.toMatchObject({
      code: "store-unreachable",
    });
    seen.length = 0;
    await server.start();
    // Before the listener is back, another replica may have changed what it likes.
    const other = await openPostgresStore(connection);
    await other.delete("groups", "gone");
    await other.put("groups", "new", Buffer.from("1"));
    await expect
      .poll(() => seen, { timeout: 40_000 })
      .toEqual(expect.arrayContaining(["groups/gone", "groups/new"]));
    expect((await store.list("groups")).map(({ key }) => key)).toEqual(["kept", "new"]);
    await store.close();
    await other.close();
  }, 120_000);

  test("loses nothing that was acknowledged, and keeps nothing half", async () => {
    const connection = database();
    const store = await openPostgresStore(connection);
    const acknowledged = new Map<string, string>();
    const tried = new Map<string, Set<string>>();
    let writing = true;
    const writers = Array.from({ length: 8 }, async (_, writer) => {
      for (let round = 0; writing; round++) {
        const key = `${writer}-${round % 5}`;
        const value = randomBytes(4_000).toString("hex");
        tried.set(key, (tried.get(key) ?? new Set()).add(value));
        await store.put("generic", key, Buffer.from(value)).then(
          () => acknowledged.set(key, value).size && tried.set(key, new Set()),
          () => new Promise((resolve) => setTimeout(resolve, 50)),
        );
      }
    });
    await new Promise((resolve) => setTimeout(resolve, 700));
    await server.stop("at once");
    await server.start();
    await new Promise((resolve) => setTimeout(resolve, 300));
    writing = false;
    await Promise.all(writers);
    const found = await store.list("generic");
    expect(found.length).toBeGreaterThan(20);
    for (const { key, bytes } of found) {
      const value = Buffer.from(bytes).toString();
      // What was not acknowledged may be there or not, but whole.
      if (value !== acknowledged.get(key)) expect(tried.get(key)).toContain(value);
    }
    expect([...acknowledged.keys()].filter((key) => !found.some((entry) => entry.key === key))).toEqual([]);
    await store.close();
  }, 120_000);

  test("is said without the password", async () => {
    const connection = "postgres://landfall:hunter2@127.0.0.1:1/landfall";
    const error: Error = await openPostgresStore(connection).then(
      () => expect.unreachable(),
      (thrown) => thrown,
    );
    expect(error).toMatchObject({ code: "store-unreachable" });
    expect([error.message, error.stack, JSON.stringify(error), String(error.cause)].join()).not.toContain(
      "hunter2",
    );
  });
});
