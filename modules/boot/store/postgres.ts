// Documents as rows, for several replicas of the service. Comparing is a WHERE, and a commit is what survives.
import { setTimeout as sleep } from "node:timers/promises";
import { Client, type ClientConfig, Pool, type QueryResult, type QueryResultRow } from "pg";
import { LandfallError } from "../../spec/error.ts";
import { byKey, checkedKey } from "./key.ts";
import { type BootStore, type Kind, kinds } from "./types.ts";

export interface PostgresStoreOptions {
  /** Most connections of this process, beside the one that listens. Default: 10. */
  readonly connections?: number;
  /** Milliseconds between looks for changes of which nobody told. Default: 15 s. */
  readonly pingEvery?: number;
}

/** All of Landfall's is in a schema of its own, so that the database may be shared. */
const schema = "landfall_boot";
const table = `${schema}.documents`;
const channel = schema;
/** Of the advisory lock under which the schema is made: any number, as long as it is always this one. */
const schemaLock = "7021734285111963137";
const patience = { connectionTimeoutMillis: 5_000, statement_timeout: 10_000, query_timeout: 12_000 };

interface Row {
  readonly kind: Kind;
  readonly key: string;
  readonly bytes: Buffer;
  readonly version: string;
}

/**
 * Opens the documents in a database, and makes their schema if need be.
 * @param connection as libpq's URL; may hold a password, and is never shown.
 * @throws {LandfallError} `store-unreachable`
 */
export async function openPostgresStore(
  connection: string,
  { connections = 10, pingEvery = 15_000 }: PostgresStoreOptions = {},
): Promise<BootStore> {
  const config: ClientConfig = {
    connectionString: connection,
    application_name: "landfall boot",
    keepAlive: true,
    // Whatever the server's default: an answer that was given must survive its crash.
    options: "-c synchronous_commit=on",
    ...patience,
  };
  const pool = new Pool({ ...config, max: connections });
  // An idle connection that breaks is replaced when the next one is needed.
  pool.on("error", () => {});
  const watchers = new Set<Parameters<BootStore["watch"]>[0]>();
  const tell = (kind: Kind, key: string) => {
    for (const watcher of watchers) watcher({ kind, key });
  };

  async function query<R extends QueryResultRow>(text: string, values: unknown[]): Promise<QueryResult<R>> {
    try {
      return await pool.query<R>(text, values);
    } catch (error) {
      throw failure(error);
    }
  }

  let listener: Listener;
  try {
    await makeSchema(pool);
    listener = await listen(config, pingEvery, tell);
  } catch (error) {
    await pool.end();
    throw failure(error);
  }

  return {
    async get(kind, key) {
      const { rows } = await query<Row>(
        `select key, bytes, version from ${table} where kind = $1 and key = $2`,
        [kind, checkedKey(key)],
      );
      return rows[0];
    },
    async list(kind) {
      const { rows } = await query<Row>(`select key, bytes, version from ${table} where kind = $1`, [kind]);
      return rows.sort(byKey);
    },
    async put(kind, key, bytes, expected) {
      const values = [kind, checkedKey(key), Buffer.from(bytes)];
      // A version of another store, or a made-up one.
      if (expected !== undefined && expected !== "absent" && !/^\d{1,18}$/.test(expected)) return "conflict";
      const compares = expected !== undefined && expected !== "absent";
      const { rows } = await query<Pick<Row, "version">>(
        compares ? update : expected === "absent" ? insert : upsert,
        compares ? [...values, expected] : values,
      );
      const [written] = rows;
      if (written === undefined) return "conflict";
      await listener.notify(kind, key, written.version);
      return written;
    },
    async delete(kind, key) {
      const { rowCount } = await query(`delete from ${table} where kind = $1 and key = $2`, [
        kind,
        checkedKey(key),
      ]);
      if (rowCount === 0) return false;
      await listener.notify(kind, key, gone);
      return true;
    },
    watch(onChange) {
      watchers.add(onChange);
      return () => watchers.delete(onChange);
    },
    async close() {
      watchers.clear();
      await Promise.all([listener.close(), pool.end()]);
    },
  };
}

const insert = `
  insert into ${table} (kind, key, bytes) values ($1, $2, $3)
  on conflict (kind, key) do nothing returning version`;
const upsert = `
  insert into ${table} (kind, key, bytes) values ($1, $2, $3)
  on conflict (kind, key) do update set bytes = excluded.bytes, version = excluded.version
  returning version`;
const update = `
  update ${table} set bytes = $3, version = default
  where kind = $1 and key = $2 and version = $4 returning version`;

/** Two replicas may start at once, and `if not exists` alone is no lock. Someone without the right to make it may use it. */
async function makeSchema(pool: Pool): Promise<void> {
  const client = await pool.connect();
  try {
    const { rows } = await client.query<{ there: boolean }>(
      `select to_regclass('${table}') is not null as there`,
    );
    if (rows[0]?.there) return;
    await client.query("begin");
    await client.query(`select pg_advisory_xact_lock(${schemaLock})`);
    await client.query(`create schema if not exists ${schema}`);
    await client.query(`create sequence if not exists ${schema}.versions`);
    await client.query(`
      create table if not exists ${table} (
        kind text not null,
        key text not null,
        bytes bytea not null,
        version bigint not null default nextval('${schema}.versions'),
        primary key (kind, key)
      )`);
    await client.query("commit");
  } catch (error) {
    await client.query("rollback").catch(() => {});
    throw error;
  } finally {
    client.release();
  }
}

interface Listener {
  /** Tells all replicas, this one too, that a document was written or deleted. Never rejects. */
  notify(kind: Kind, key: string, version: string): Promise<void>;
  close(): Promise<void>;
}

/** In place of a version: the document was deleted. */
const gone = "gone";
/** Milliseconds that a writer waits until others are told: they find out by themselves. */
const noticePatience = 2_000;

/**
 * In a transaction after that of the write: PostgreSQL lets one that notifies commit only by itself, and a herd's
 * writes would wait for the disk one by one. So whoever listens also looks, now and then, for what a replica wrote and
 * did not live to tell. This one need not survive a crash.
 */
const notice = `
  select set_config('synchronous_commit', 'off', true), pg_notify('${channel}', name) from unnest($1::text[]) as name`;

/**
 * Listens, for as long as it is not closed. What happened while the connection was lost is found by comparing versions
 * with those before, so nothing goes untold.
 */
async function listen(
  config: ClientConfig,
  pingEvery: number,
  tell: (kind: Kind, key: string) => void,
): Promise<Listener> {
  let closed = false;
  let seen: Map<string, string> | undefined;
  const tellOf = (name: string) => {
    const slash = name.indexOf("/");
    const kind = kinds.find((each) => each === name.slice(0, slash));
    if (kind !== undefined) tell(kind, name.slice(slash + 1));
  };

  function hear(payload: string): void {
    const slash = payload.indexOf("/");
    const [version, name] = [payload.slice(0, slash), payload.slice(slash + 1)];
    if (version === gone) seen?.delete(name);
    else seen?.set(name, version);
    tellOf(name);
  }

  async function look(client: Client): Promise<void> {
    const now = await versions(client);
    const before = seen ?? now;
    seen = now;
    for (const name of new Set([...before.keys(), ...now.keys()]))
      if (before.get(name) !== now.get(name)) tellOf(name);
  }

  async function connect(): Promise<Client> {
    const client = new Client(config);
    // What it is about, `lost` hears too, or the query that is under way.
    client.on("error", () => {});
    client.on("notification", ({ payload = "" }) => hear(payload));
    try {
      await client.connect();
      await client.query(`listen ${channel}`);
      // After listening: what changes from here on is told.
      await look(client);
      return client;
    } catch (error) {
      void client.end().catch(() => {});
      throw error;
    }
  }

  async function connectAgain(): Promise<Client | undefined> {
    for (let pause = 200; !closed; pause = Math.min(pause * 2, 5_000)) {
      await sleep(pause, undefined, { ref: false });
      // The database is still away, as long as it fails.
      const client = await connect().catch(() => undefined);
      if (client !== undefined) return client;
    }
    return undefined;
  }

  async function keep(client: Client | undefined): Promise<void> {
    while (client !== undefined && !closed) {
      current = client;
      await lost(client, pingEvery, look);
      void client.end().catch(() => {});
      client = await connectAgain();
    }
    if (closed) void client?.end().catch(() => {});
  }

  let batch: { readonly names: Set<string>; readonly sent: Promise<void> } | undefined;
  let last = Promise.resolve();

  async function send(names: ReadonlySet<string>): Promise<void> {
    batch = undefined;
    const sent = current.query(notice, [[...names]]).catch(() => {});
    await Promise.race([sent, sleep(noticePatience, undefined, { ref: false })]);
  }

  let current = await connect();
  void keep(current);
  return {
    notify(kind, key, version) {
      if (batch === undefined) {
        const names = new Set<string>();
        // What is written while others are being told goes with the next ones.
        last = last.then(() => send(names));
        batch = { names, sent: last };
      }
      batch.names.add(`${version}/${kind}/${key}`);
      return batch.sent;
    },
    async close() {
      closed = true;
      // A server that hangs does not keep us.
      await Promise.race([current.end().catch(() => {}), sleep(2_000, undefined, { ref: false })]);
    },
  };
}

/** Resolves when the connection has ended: a peer that is gone without a word is noticed when it does not answer. */
async function lost(
  client: Client,
  pingEvery: number,
  look: (client: Client) => Promise<void>,
): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await new Promise<void>((resolve) => {
    client.once("end", () => resolve());
    client.once("error", () => resolve());
    timer = setInterval(() => void look(client).catch(() => resolve()), pingEvery);
    timer.unref();
  });
  clearInterval(timer);
}

async function versions(client: Client): Promise<Map<string, string>> {
  const { rows } = await client.query<Row>(`select kind, key, version from ${table}`);
  return new Map(rows.map(({ kind, key, version }) => [`${kind}/${key}`, version]));
}

/** Of PostgreSQL: disk_full. */
const diskFull = "53100";

function failure(error: unknown): unknown {
  if (error instanceof LandfallError) return error;
  const code = error instanceof Error && "code" in error ? String(error.code) : undefined;
  const found = [error instanceof Error ? error.message : String(error), code].filter(Boolean).join(" ");
  if (code === diskFull) {
    return new LandfallError("store-full", "the boot service's database has no space left", {
      found,
      expected: "room on PostgreSQL's disk",
      next: "make room; what was there before is unharmed, and whoever asked asks again",
      cause: error,
    });
  }
  return new LandfallError("store-unreachable", "the boot service's database does not answer as it should", {
    found,
    expected: "PostgreSQL 13 or later, and a user who may use the schema landfall_boot, or make it",
    next: "see to the database; whoever asked asks again",
    cause: error,
  });
}
