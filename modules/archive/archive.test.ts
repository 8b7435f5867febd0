import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { generateIdentity, identityToRecipient } from "age-encryption";
import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { ensurePki, readEntries, type StoreEntries } from "../pki/index.ts";
import { certificateRequests } from "../plan/index.ts";
import { testMachine, testPlan } from "../plan/testing.ts";
import { broken, exampleEtcd, exampleSnapshot, sent } from "./example.ts";
import { parseIdentities, restoreArchive, type TakeOptions, takeArchive, verifyArchive } from "./index.ts";

const plan = (() => {
  const bare = testPlan({ machines: [testMachine({ name: "m1", role: "master", address: "10.77.0.11" })] });
  return { ...bare, certificates: certificateRequests(bare) };
})();
const snapshot = exampleSnapshot();
const members = ["m1", "m2", "m3"].map((name) => ({ name, url: `https://${name}:2379` }));

let home: string;
let pki: StoreEntries;
let generation: string;
let identity: string;
let recipient: string;
beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), "landfall-archive-"));
  generation = ensurePki(plan, join(home, "store"), new Date("2026-01-01")).generation;
  pki = readEntries(join(home, "store"));
  identity = await generateIdentity();
  recipient = await identityToRecipient(identity);
  return () => rmSync(home, { recursive: true, force: true });
});

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(home, "case-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const place = () => join(dir, "out", "lab-v1.tar.age");
async function take(changes: Partial<TakeOptions> = {}) {
  const said: string[] = [];
  const written = await takeArchive({
    subject: { cluster: "lab-v1", generation, kubernetes: "1.34.1", etcd: "3.6.5" },
    pki,
    record: new Map([["run.json", "{}"]]),
    recipients: [recipient],
    out: place(),
    now: new Date("2026-02-03T04:05:06Z"),
    etcd: exampleEtcd({ m1: () => sent(snapshot) }),
    members,
    signal: new AbortController().signal,
    say: (line) => said.push(line),
    ...changes,
  });
  return { written, said };
}

const read = () => ({ file: place(), identities: [identity] });
const everything = (folder: string) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((name) =>
    statSync(join(folder, name)).isFile(),
  );

describe("an archive", () => {
  test("is proven, and restored to what went in, for its owner alone", async () => {
    const { written } = await take();
    expect(statSync(place()).mode & 0o777).toBe(0o600);
    expect(statSync(place()).size).toBe(written.bytes);
    expect(readdirSync(join(dir, "out"))).toEqual(["lab-v1.tar.age"]);

    const proof = await verifyArchive(read());
    expect(proof).toMatchObject({ certificates: plan.certificates.length, snapshotBytes: snapshot.length });
    expect(proof.manifest).toMatchObject({
      cluster: "lab-v1",
      generation,
      takenAt: "2026-02-03T04:05:06.000Z",
      snapshot: { member: "m1", revision: "42" },
    });

    const folder = join(dir, "restored");
    expect(await restoreArchive({ ...read(), folder })).toEqual(proof);
    expect(readFileSync(join(folder, "etcd-snapshot.db")).equals(snapshot)).toBe(true);
    expect(readEntries(join(folder, "pki"))).toEqual(pki);
    expect(readFileSync(join(folder, "record", "run.json"), "utf8")).toBe("{}");
    expect(JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8"))).toEqual(proof.manifest);
    for (const name of ["", ...readdirSync(folder, { recursive: true, encoding: "utf8" })]) {
      const { mode } = statSync(join(folder, name));
      expect(mode & 0o077, name).toBe(0);
    }
    expect(readdirSync(dir).sort()).toEqual(["out", "restored"]);
  });

  test("has nothing in it that can be read without the identity", async () => {
    await take();
    const bytes = readFileSync(place());
    for (const plain of ["PRIVATE KEY", "lab-v1", "manifest", "secretbox", "etcd-snapshot"])
      expect(bytes.includes(plain), plain).toBe(false);
    await expect(
      verifyArchive({ file: place(), identities: [await generateIdentity()] }),
    ).rejects.toMatchObject({
      code: "archive-other-identity",
    });
    await expect(verifyArchive({ file: place(), identities: [] })).rejects.toMatchObject({
      code: "archive-identity-missing",
    });
  });

  test("is opened by any one of its recipients", async () => {
    const other = await generateIdentity();
    await take({ recipients: [recipient, await identityToRecipient(other)] });
    await expect(verifyArchive(read())).resolves.toBeDefined();
    await expect(verifyArchive({ file: place(), identities: [other] })).resolves.toBeDefined();
  });

  test("in plain is written where that is asked for, for its owner alone, and changes in it are found", async () => {
    await take({ recipients: undefined });
    expect(statSync(place()).mode & 0o777).toBe(0o600);
    await expect(verifyArchive({ file: place(), identities: [] })).resolves.toBeDefined();
    const bytes = readFileSync(place());
    for (const text of ["secretbox", "run.json", "ustar"]) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(changed.indexOf(text)) ^ 1, changed.indexOf(text));
      writeFileSync(place(), changed);
      await expect(verifyArchive({ file: place(), identities: [] }), text).rejects.toThrow();
    }
  });

  test("that was changed or cut anywhere is not proven, and leaves nothing where it was restored", async () => {
    await take();
    const bytes = readFileSync(place());
    const folder = join(dir, "restored");
    const places = [0, 30, 100, 180, 250, 70_000, bytes.length - 1];
    for (const at of places) {
      const changed = Buffer.from(bytes);
      changed.writeUInt8(changed.readUInt8(at) ^ 1, at);
      writeFileSync(place(), changed);
      await expect(restoreArchive({ ...read(), folder }), `byte ${at}`).rejects.toMatchObject({
        code: expect.stringMatching(/^archive-(damaged|other-identity)$/),
      });
    }
    for (const length of [0, 10, 150, 250, 65_800, 70_000, bytes.length - 16, bytes.length - 1]) {
      writeFileSync(place(), bytes.subarray(0, length));
      await expect(restoreArchive({ ...read(), folder }), `${length} bytes`).rejects.toMatchObject({
        code: "archive-damaged",
      });
    }
    expect(readdirSync(dir)).toEqual(["out"]);
  });

  test("goes into no folder that holds something", async () => {
    await take();
    await expect(restoreArchive({ ...read(), folder: join(dir, "out") })).rejects.toMatchObject({
      code: "restore-folder-taken",
    });
    await expect(verifyArchive({ ...read(), file: join(dir, "none") })).rejects.toMatchObject({
      code: "archive-unreadable",
    });
  });
});

describe("taking one", () => {
  async function* half(): AsyncGenerator<Buffer, void> {
    for await (const chunk of sent(snapshot, 50_000)) {
      yield chunk;
      throw new Error("socket hang up");
    }
  }
  async function* changed(): AsyncGenerator<Buffer, void> {
    const other = Buffer.from(snapshot).fill(snapshot[9000]! ^ 1, 9000, 9001);
    yield* sent(other);
  }

  test("goes on to the next member when one fails, in the middle too", async () => {
    const { said, written } = await take({
      etcd: exampleEtcd({ m1: half, m2: changed, m3: () => sent(snapshot) }),
    });
    expect(written.manifest.snapshot.member).toBe("m3");
    expect(said.filter((line) => line.includes("gives no snapshot"))).toEqual([
      "m1 gives no snapshot: socket hang up",
      expect.stringMatching(/^m2 gives no snapshot: .*digest/),
    ]);
    await expect(verifyArchive(read())).resolves.toMatchObject({ snapshotBytes: snapshot.length });
  });

  test("says what each member said when none can, and leaves the last archive as it was", async () => {
    await take();
    const before = readFileSync(place());
    const failed = take({ etcd: exampleEtcd({ m1: half, m2: changed, m3: () => broken("refused") }) });
    await expect(failed).rejects.toMatchObject({
      code: "snapshot-failed",
      details: { found: expect.stringMatching(/m1: socket hang up\nm2: .*\nm3: refused/) },
    });
    expect(readFileSync(place()).equals(before)).toBe(true);
    expect(readdirSync(join(dir, "out"))).toEqual(["lab-v1.tar.age"]);
  });

  test("ends when it is interrupted, without a trace", async () => {
    const interruption = new AbortController();
    async function* slow(): AsyncGenerator<Buffer, void> {
      for await (const chunk of sent(snapshot)) {
        yield chunk;
        interruption.abort(new Error("Ctrl-C"));
      }
      throw new Error("aborted");
    }
    const taken = take({ etcd: exampleEtcd({ m1: slow }), signal: interruption.signal });
    await expect(taken).rejects.toThrow("Ctrl-C");
    expect(everything(dir)).toEqual([]);
  });

  test("refuses the PKI of another landing, and one that is not whole", async () => {
    const subject = { cluster: "lab-v1", generation: "0123", kubernetes: "1.34.1", etcd: "3.6.5" };
    await expect(take({ subject })).rejects.toMatchObject({ code: "archive-other-generation" });
    const lost = new Map([...pki].filter(([name]) => name !== "encryption.yaml"));
    await expect(take({ pki: lost })).rejects.toMatchObject({ code: "store-incomplete" });
    expect(everything(dir)).toEqual([]);
  });

  test("clears away what a killed run left, and nothing that is another's", async () => {
    await take();
    // No process has so large a number.
    writeFileSync(`${place()}.99999999.tmp`, "");
    writeFileSync(`${place()}.1.tmp`, "");
    writeFileSync(`${place()}.99999999.tmp.mine`, "");
    await take();
    expect(readdirSync(join(dir, "out")).sort()).toEqual([
      "lab-v1.tar.age",
      "lab-v1.tar.age.1.tmp",
      "lab-v1.tar.age.99999999.tmp.mine",
    ]);
  });
});

describe("identities", () => {
  const key = `AGE-SECRET-KEY-1${"Q".repeat(58)}`;

  test("are read as age-keygen writes them", () => {
    const text = `# created: 2026-01-01T00:00:00Z\n# public key: age1...\n${key}\r\n\n${key}\n`;
    expect(parseIdentities(text, "id")).toEqual([key, key]);
  });

  test.each([
    ["", "nothing"],
    ["# only a comment\n", "nothing"],
    [
      "age1hpr07qjznjfpa3ypa03jhf4alkgam6zcjnzepm89yn7yf0f2d5ms92gkey",
      "a recipient, which is its public half",
    ],
    ["age-encryption.org/v1\n-> scrypt", "an identity that is encrypted with a passphrase"],
    ["AGE-PLUGIN-YUBIKEY-1QQQ", "an identity of a plugin"],
    ["-----BEGIN OPENSSH PRIVATE KEY-----", "a key of another kind"],
    ["hunter2", "a line that is none"],
  ])("are refused, and what is there is not shown: %j", (text, found) => {
    expect(() => parseIdentities(text, "id")).toThrow(
      expect.objectContaining({ code: "identity-unreadable", details: expect.objectContaining({ found }) }),
    );
  });
});
