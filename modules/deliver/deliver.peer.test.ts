// Deliveries to the real OpenSSH server, with the real receiver behind it.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import ssh2 from "ssh2";
import { afterEach, beforeEach, expect, test } from "vitest";
import { deliveryPrivateKey, ensurePki, filesFingerprint, machineFiles, type PkiPlan } from "../pki/index.ts";
import { archiveOf } from "./deliver.ts";
import { exampleFiles } from "./example-files.ts";
import { type MachineRoot, machineRoot } from "./example-root.ts";
import { connectProxy, type Sshd, sshdOf } from "./example-sshd.ts";
import { deliver, release, status, type Target } from "./index.ts";

const plan: PkiPlan = {
  cluster: "lab-v1",
  machines: [{ name: "m1", role: "master" }],
  certificates: [
    {
      id: "machines/m1/etcd-peer",
      machine: "m1",
      authority: "etcd",
      commonName: "m1",
      organizations: [],
      dnsNames: ["m1"],
      addresses: ["10.77.0.11"],
      usages: ["client", "server"],
      target: "/etc/kubernetes/pki/etcd/peer",
    },
  ],
};
const first = exampleFiles("first");
const second = exampleFiles("second");
let machine: MachineRoot;
let sshd: Sshd;
let pinned: string[];
beforeEach(async () => {
  machine = machineRoot();
  sshd = await sshdOf(machine);
  pinned = [];
});
afterEach(async () => {
  await sshd.remove();
  machine.remove();
});

function target(more: Partial<Target> = {}): Target {
  return {
    machine: "m1",
    host: "127.0.0.1",
    port: sshd.port,
    proxy: undefined,
    privateKey: sshd.privateKey,
    pinned: undefined,
    expectHostKey: async () => sshd.hostKey,
    pin: async (key) => void pinned.push(key),
    timeoutSeconds: 60,
    lastHeard: async () => "landfall: stage ignition",
    clock: {
      now: Date.now,
      sleep: (milliseconds, signal) => sleep(milliseconds, undefined, signal && { signal }),
    },
    signal: undefined,
    ...more,
  };
}

test("a machine that answers late gets its files once, and its key is pinned before", async () => {
  const heard: string[] = [];
  let started: Promise<void> | undefined;
  const onProgress = (progress: string) => {
    heard.push(progress);
    if (progress.includes("ECONNREFUSED")) started = sshd.start();
  };
  expect(await deliver(target({ onProgress }), first)).toEqual({ changed: true });
  await started;
  expect(heard[0]).toMatch(/^waiting: .*ECONNREFUSED/);
  expect(heard.at(-1)).toBe("delivering");
  expect(Object.keys(machine.inForce() ?? {})).toHaveLength(first.length);
  expect(pinned).toEqual([sshd.hostKey]);
  expect(machine.systemctl()).toHaveLength(1);

  expect(await deliver(target({ pinned: sshd.hostKey }), first)).toEqual({ changed: false });
  expect(await deliver(target({ pinned: sshd.hostKey }), second)).toEqual({ changed: true });
  expect(machine.inForce()?.["ca.crt"]).toBe(`644 ${second[2]?.contents}`);
  expect(pinned).toHaveLength(1);
});

test("a whole master's PKI arrives as it was issued", async () => {
  await sshd.start();
  const store = machine.path("store");
  const { machines } = ensurePki(plan, store, new Date());
  const files = machineFiles(plan, store, "m1");
  await deliver(target(), files);
  expect(readFileSync(machine.path("etc/kubernetes/pki/.delivered"), "utf8").trim()).toBe(machines.m1);
  for (const { path, contents } of files) expect(readFileSync(machine.path(path))).toEqual(contents);
});

test("the store's own delivery key is one that OpenSSH takes", () => {
  const store = machine.path("store");
  const { deliveryKey } = ensurePki(plan, store, new Date());
  const key = machine.path("key");
  writeFileSync(key, deliveryPrivateKey(store), { mode: 0o600 });
  const shown = execFileSync("ssh-keygen", ["-y", "-f", key], { encoding: "utf8" });
  expect(shown.trim()).toBe(deliveryKey);
});

test("a proxy is gone through, with its user and password", async () => {
  await sshd.start();
  const proxy = await connectProxy("rack:secret");
  try {
    expect(await deliver(target({ proxy: proxy.url }), first)).toEqual({ changed: true });
    expect(proxy.asked.at(-1)).toBe(`127.0.0.1:${sshd.port}`);
  } finally {
    await proxy.close();
  }
});

test("another host key than the console's or the pinned one gets nothing, not even our user name", async () => {
  await sshd.start();
  const other = `SHA256:${"A".repeat(43)}`;
  const clock = fastClock();
  const wrong = target({ expectHostKey: async () => other, clock });
  await expect(deliver(wrong, first)).rejects.toMatchObject({ code: "host-key-wrong" });
  await expect(deliver(target({ pinned: other, clock }), first)).rejects.toMatchObject({
    code: "host-key-changed",
    details: { found: sshd.hostKey },
  });
  expect(machine.inForce()).toBeUndefined();
  expect(pinned).toEqual([]);
  expect(sshd.log()).not.toMatch(/Accepted|publickey|user root/);
});

test("a key that the machine does not know is said so", async () => {
  await sshd.start();
  const clock = fastClock();
  const privateKey = ssh2.utils.generateKeyPairSync("ed25519").private;
  await expect(deliver(target({ privateKey, clock }), first)).rejects.toMatchObject({
    code: "delivery-key-refused",
  });
});

test("a connection that breaks in the middle leaves nothing, and the delivery goes on when the machine is back", async () => {
  await sshd.start();
  const archive = archiveOf(first, filesFingerprint(first));
  await sendHalf(archive.subarray(0, archive.length / 2));
  expect(machine.inForce()).toBeUndefined();
  expect(await deliver(target(), first)).toEqual({ changed: true });
});

test("the key opens nothing but the receiver: no shell, no forwarding, no file transfer", async () => {
  await sshd.start();
  await deliver(target(), first);
  const client = await connected();
  const refused = (run: (done: (error?: Error) => void) => void) =>
    new Promise<string>((resolve) => run((error) => resolve(error?.message ?? "allowed")));
  expect(await refused((done) => client.sftp((error) => done(error)))).not.toBe("allowed");
  expect(await refused((done) => client.forwardOut("127.0.0.1", 1, "127.0.0.1", sshd.port, done))).toContain(
    "open failed",
  );
  const shell = await new Promise<{ status: number; text: string }>((resolve, reject) => {
    client.exec("cat /etc/shadow", (error, stream) => {
      if (error) return reject(error);
      let text = "";
      stream.on("data", (chunk: Buffer) => (text += chunk));
      stream.on("close", (status: number) => resolve({ status, text }));
    });
  });
  expect(shell).toEqual({ status: 1, text: "" });
  client.end();
});

test("status and release reach the receiver", async () => {
  await sshd.start();
  mkdirSync(machine.path("run/landfall/disk"), { recursive: true });
  writeFileSync(machine.path("run/landfall/disk/marker"), "cluster=lab-v1\nstate=installed\n");
  expect(await status(target())).toMatch(/^delivered none\nuptime /);
  await release(target());
  expect(machine.systemctl().at(-1)).toBe("poweroff --no-block");
  expect(readFileSync(machine.path("run/landfall/disk/marker"), "utf8")).toContain("state=released");
});

test("a caller that aborts is not kept waiting", async () => {
  const stop = new AbortController();
  const onProgress = () => stop.abort(new Error("enough"));
  await expect(deliver(target({ onProgress, signal: stop.signal }), first)).rejects.toThrow("enough");
});

/** Time runs fast here: the grace is over after a few attempts. */
function fastClock(): Target["clock"] {
  let now = 0;
  return {
    now: () => now,
    sleep: async () => {
      now += 2500;
    },
  };
}

async function connected(): Promise<ssh2.Client> {
  const client = new ssh2.Client();
  await new Promise<void>((resolve, reject) => {
    client.once("ready", resolve).once("error", reject);
    client.connect({ host: "127.0.0.1", port: sshd.port, username: "root", privateKey: sshd.privateKey });
  });
  return client;
}

/** Resolves when the receiver has seen the end of what came and has answered to it. */
async function sendHalf(bytes: Buffer): Promise<void> {
  const client = await connected();
  await new Promise<void>((resolve, reject) => {
    client.exec("deliver", (error, stream) => {
      if (error) return reject(error);
      stream.resume().on("close", () => resolve());
      stream.end(bytes);
    });
  });
  client.destroy();
}
