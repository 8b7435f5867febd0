import { X509Certificate } from "node:crypto";
import nodeFs, {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import type { CertificateRequest, Plan } from "../plan/index.ts";
import { examplePlan } from "./example-plan.ts";
import {
  adminCredentials,
  adminKubeconfig,
  deliveryPrivateKey,
  ensurePki,
  filesFingerprint,
  machineFiles,
  type Reason,
  retire,
} from "./index.ts";
import { inTemporaryFolder, unsynced } from "./temporary-folder.ts";

const plan = examplePlan(1, 1);
const now = new Date("2026-01-02T03:04:05Z");
const days = (count: number) => new Date(now.getTime() + count * 24 * 3600 * 1000);

/** Ids that are issued, with the reason. */
function ensure(dir: string, asked: Plan = plan, at: Date = now) {
  const issued: Record<string, Reason> = {};
  const pki = ensurePki(asked, dir, at, {
    fs: unsynced,
    onIssued: (id, reason) => {
      issued[id] = reason;
    },
  });
  return { pki, issued };
}

function withRequest(id: string, change: Partial<CertificateRequest>): Plan {
  return {
    ...plan,
    certificates: plan.certificates.map((request) =>
      request.id === id ? { ...request, ...change } : request,
    ),
  };
}

function files(dir: string): string[] {
  return readdirSync(dir, { recursive: true, encoding: "utf8" }).filter((name) =>
    statSync(join(dir, name)).isFile(),
  );
}

function snapshot(dir: string): Record<string, string> {
  return Object.fromEntries(
    files(dir).map((name) => {
      const { ino, mtimeMs } = statSync(join(dir, name));
      return [name, `${ino} ${mtimeMs} ${readFileSync(join(dir, name), "utf8")}`];
    }),
  );
}

/** A test with a store that was filled once. */
function filled(action: (dir: string) => void): () => void {
  return () =>
    inTemporaryFolder((parent) => {
      const dir = join(parent, "lab-v1");
      ensure(dir);
      action(dir);
    });
}

describe("issuing", () => {
  test("fills a store that is not there yet, with every request", () =>
    inTemporaryFolder((parent) => {
      const { pki, issued } = ensure(join(parent, "a", "b"));
      expect(Object.keys(issued)).toEqual(plan.certificates.map(({ id }) => id));
      expect(new Set(Object.values(issued))).toEqual(new Set(["missing"]));
      expect(Object.keys(pki.certificates)).toEqual(plan.certificates.map(({ id }) => id));
      expect(pki.generation).toMatch(/^[0-9a-f]{16}$/);
      expect(pki.authorities.kubernetes.fingerprint.slice(0, 16)).toBe(pki.generation);
      expect(pki.certificates.admin?.notAfter).toBe("2027-01-02T03:04:05.000Z");
      expect(pki.deliveryKey).toMatch(/^ssh-ed25519 [A-Za-z0-9+/=]+ landfall$/);
    }));

  test(
    "again issues nothing, and writes nothing",
    filled((dir) => {
      const before = snapshot(dir);
      const first = ensure(dir);
      expect(first.issued).toEqual({});
      expect(snapshot(dir)).toEqual(before);
      expect(ensure(dir).pki).toEqual(first.pki);
    }),
  );

  test(
    "a machine more touches its own certificates only",
    filled((dir) => {
      const before = snapshot(dir);
      const { pki } = ensure(dir);
      const more = ensure(dir, examplePlan(1, 2));
      const uses = ["kubelet", "kubelet-server", "kube-proxy", "kube-router"];
      expect(Object.keys(more.issued)).toEqual(uses.map((use) => `machines/w2/${use}`));
      expect(snapshot(dir)).toMatchObject(before);
      expect(more.pki.machines).toMatchObject(pki.machines);
      expect(more.pki.generation).toBe(pki.generation);
    }),
  );

  test(
    "a machine less drops nothing: it may come back",
    filled((dir) => {
      const before = snapshot(dir);
      ensure(dir, examplePlan(1, 0));
      expect(snapshot(dir)).toEqual(before);
    }),
  );

  test.each<[string, Partial<CertificateRequest>]>([
    ["a DNS name", { dnsNames: ["other.example"] }],
    ["an address", { addresses: ["10.0.0.9"] }],
    ["a common name", { commonName: "other" }],
    ["an organization", { organizations: ["other"] }],
    ["a usage", { usages: ["client", "server"] }],
    ["the authority", { authority: "etcd" }],
  ])("%s that changed has that one leaf issued anew", (_, change) =>
    filled((dir) => {
      const before = ensure(dir).pki;
      const changed = withRequest("machines/m1/apiserver", change);
      const { pki, issued } = ensure(dir, changed);
      expect(issued).toEqual({ "machines/m1/apiserver": "changed" });
      expect(pki.machines.m1).not.toBe(before.machines.m1);
      expect(pki.machines.w1).toBe(before.machines.w1);
      expect(ensure(dir, changed).issued).toEqual({});
    })(),
  );

  test(
    "another place on the machine changes the delivery, not the certificate",
    filled((dir) => {
      const before = ensure(dir).pki;
      const { pki, issued } = ensure(
        dir,
        withRequest("machines/m1/apiserver", { target: "/etc/kubernetes/pki/api" }),
      );
      expect(issued).toEqual({});
      expect(pki.machines.m1).not.toBe(before.machines.m1);
    }),
  );

  test(
    "happens again when less than a third of a leaf's life is left",
    filled((dir) => {
      expect(ensure(dir, plan, days(243)).issued).toEqual({});
      const { issued, pki } = ensure(dir, plan, days(244));
      expect(Object.values(issued)).toEqual(plan.certificates.map(() => "near its end"));
      expect(pki.certificates.admin?.notAfter).toBe(days(244 + 365).toISOString());
    }),
  );

  test(
    "happens once, not for ever, when the authority itself ends soon",
    filled((dir) => {
      const late = days(3650 - 30);
      expect(Object.keys(ensure(dir, plan, late).issued)).toHaveLength(plan.certificates.length);
      expect(ensure(dir, plan, days(3650 - 3)).issued).toEqual({});
    }),
  );

  test.each<[string, (text: string) => string]>([
    ["cut short", (text) => text.slice(0, text.length / 2)],
    ["empty", () => ""],
    ["without its key", (text) => text.slice(0, text.indexOf("-----BEGIN PRIVATE KEY"))],
  ])("replaces a leaf that is %s", (_, damage) =>
    filled((dir) => {
      const path = join(dir, "leaves/machines/m1/apiserver.pem");
      writeFileSync(path, damage(readFileSync(path, "utf8")));
      expect(ensure(dir).issued).toEqual({ "machines/m1/apiserver": "damaged" });
    })(),
  );

  test(
    "replaces a leaf that has another's key",
    filled((dir) => {
      const path = join(dir, "leaves/machines/m1/apiserver.pem");
      const other = readFileSync(join(dir, "leaves/admin.pem"), "utf8");
      const mine = readFileSync(path, "utf8");
      const at = "-----BEGIN PRIVATE KEY";
      writeFileSync(path, mine.slice(0, mine.indexOf(at)) + other.slice(other.indexOf(at)));
      expect(ensure(dir).issued).toEqual({ "machines/m1/apiserver": "damaged" });
    }),
  );
});

describe("what was lost is never made anew in silence", () => {
  const roots = [
    "authorities/kubernetes.pem",
    "authorities/etcd.pem",
    "authorities/front-proxy.pem",
    "service-account.pem",
    "encryption.yaml",
    "delivery",
  ];
  test.each(roots)("%s gone", (root) =>
    filled((dir) => {
      rmSync(join(dir, root));
      expect(() => ensure(dir)).toThrow(
        expect.objectContaining({ code: "store-incomplete", message: expect.stringContaining(root) }),
      );
      expect(existsSync(join(dir, root))).toBe(false);
    })(),
  );

  test.each(roots)("%s damaged", (root) =>
    filled((dir) => {
      writeFileSync(join(dir, root), "\0");
      expect(() => ensure(dir)).toThrow(expect.objectContaining({ code: "store-damaged" }));
      expect(readFileSync(join(dir, root), "utf8")).toBe("\0");
    })(),
  );
});

describe("the store", () => {
  test("is its owner's alone from the first byte, whatever the umask", () =>
    inTemporaryFolder((parent) => {
      const dir = join(parent, "pki", "lab-v1");
      const opened: string[] = [];
      const look = (path: string) => {
        if ((statSync(path).mode & 0o077) !== 0) opened.push(path);
      };
      const fs = {
        ...unsynced,
        openSync: ((...args: Parameters<typeof nodeFs.openSync>) => {
          const fd = nodeFs.openSync(...args);
          if (args[1] !== "r") look(String(args[0]));
          return fd;
        }) as typeof nodeFs.openSync,
        mkdirSync: ((...args: Parameters<typeof nodeFs.mkdirSync>) => {
          const made = nodeFs.mkdirSync(...args);
          look(String(args[0]));
          return made;
        }) as typeof nodeFs.mkdirSync,
      };
      const umask = process.umask(0);
      try {
        ensurePki(plan, dir, now, { fs });
      } finally {
        process.umask(umask);
      }
      expect(opened).toEqual([]);
      const modes = new Set(
        readdirSync(parent, { recursive: true, encoding: "utf8" }).map((name) => {
          const found = statSync(join(parent, name));
          return `${found.isDirectory() ? "d" : "-"}${(found.mode & 0o777).toString(8)}`;
        }),
      );
      expect(modes).toEqual(new Set(["d700", "-600"]));
    }));

  test(
    "that others can enter is refused",
    filled((dir) => {
      chmodSync(dir, 0o750);
      expect(() => ensure(dir)).toThrow(expect.objectContaining({ code: "store-open-to-others" }));
    }),
  );

  test("has no name that leads out of it", () =>
    inTemporaryFolder((parent) => {
      const dir = join(parent, "lab-v1");
      for (const id of ["../evil", "a/../../evil", "/etc/evil", "a//b", ""])
        expect(() => ensure(dir, withRequest("admin", { id })), id).toThrow(/no name of a store's entry/);
    }));

  test(
    "is set aside once when its cluster is retired, and the next landing is another generation",
    filled((dir) => {
      const { pki } = ensure(dir);
      const before = snapshot(dir);
      expect(retire(dir)).toBe(`${dir}.retired-${pki.generation}`);
      expect(snapshot(`${dir}.retired-${pki.generation}`)).toEqual(before);
      expect(retire(dir)).toBeUndefined();
      expect(existsSync(dir)).toBe(false);
      const next = ensure(dir).pki;
      expect(next.generation).not.toBe(pki.generation);
      expect(retire(dir)).toBe(`${dir}.retired-${next.generation}`);
    }),
  );
});

describe("what is handed out", () => {
  test(
    "a master gets the authorities' certificates and its own leaves, a worker its kubelet's and its network's",
    filled((dir) => {
      const names = (machine: string) => machineFiles(plan, dir, machine).map(({ path }) => path);
      expect(names("w1")).toEqual([
        "/etc/kubernetes/pki/ca.crt",
        "/etc/kubernetes/pki/kube-proxy.crt",
        "/etc/kubernetes/pki/kube-proxy.key",
        "/etc/kubernetes/pki/kube-router.crt",
        "/etc/kubernetes/pki/kube-router.key",
        "/etc/kubernetes/pki/kubelet-server.crt",
        "/etc/kubernetes/pki/kubelet-server.key",
        "/etc/kubernetes/pki/kubelet.crt",
        "/etc/kubernetes/pki/kubelet.key",
      ]);
      expect(names("m1")).toEqual(expect.arrayContaining(names("w1")));
      for (const name of ["etcd/ca.crt", "front-proxy-ca.crt", "sa.key", "sa.pub", "encryption.yaml"])
        expect(names("m1")).toContain(`/etc/kubernetes/pki/${name}`);
      expect(names("m1")).not.toContain("/etc/kubernetes/pki/ca.key");
      for (const { path, mode } of machineFiles(plan, dir, "m1"))
        expect([path, mode]).toEqual([path, /\.(key|yaml)$/.test(path) ? 0o600 : 0o644]);
      expect(() => machineFiles(plan, dir, "m9")).toThrow(
        expect.objectContaining({ code: "unknown-machine" }),
      );
    }),
  );

  test(
    "no authority's key and no delivery key is among it",
    filled((dir) => {
      const key = (name: string) =>
        readFileSync(join(dir, name), "utf8").split("PRIVATE KEY-----")[1] as string;
      const delivered = machineFiles(plan, dir, "m1")
        .map(({ contents }) => contents.toString())
        .join();
      for (const name of [
        "authorities/kubernetes.pem",
        "authorities/etcd.pem",
        "authorities/front-proxy.pem",
        "delivery",
      ])
        expect(delivered).not.toContain(key(name));
      expect(delivered).toContain(key("service-account.pem"));
    }),
  );

  test(
    "the public part has the fingerprints of deliveries, and no secret",
    filled((dir) => {
      const { pki } = ensure(dir);
      expect(pki.machines.m1).toBe(filesFingerprint(machineFiles(plan, dir, "m1")));
      const text = JSON.stringify(pki);
      expect(text).not.toContain("PRIVATE KEY");
      const { resources } = parse(readFileSync(join(dir, "encryption.yaml"), "utf8"));
      const { secret } = resources[0].providers[0].secretbox.keys[0];
      expect(Buffer.from(secret, "base64")).toHaveLength(32);
      expect(text).not.toContain(secret);
    }),
  );

  test(
    "the kubeconfig holds the administrator's certificates and goes to the endpoint, through the proxy",
    filled((dir) => {
      const config = parse(adminKubeconfig(plan, dir));
      const { certificate, key, ca } = adminCredentials(dir);
      expect(config.clusters[0].cluster).toEqual({
        server: "https://10.77.0.100:6443",
        "certificate-authority-data": btoa(ca),
        "proxy-url": "http://127.0.0.1:3128",
      });
      expect(config.users[0].user).toEqual({
        "client-certificate-data": btoa(certificate),
        "client-key-data": btoa(key),
      });
      expect(new X509Certificate(certificate).subject).toBe("O=system:masters\nCN=landfall-admin");
      const direct = parse(adminKubeconfig(plan, dir, { server: "https://[fd00::1]:6443", proxy: null }));
      expect(direct.clusters[0].cluster).toEqual({
        server: "https://[fd00::1]:6443",
        "certificate-authority-data": btoa(ca),
      });
    }),
  );

  test("nothing is handed out of a store that was never filled", () =>
    inTemporaryFolder((parent) => {
      const expected = expect.objectContaining({ code: "pki-not-issued" });
      expect(() => machineFiles(plan, join(parent, "none"), "m1")).toThrow(expected);
      expect(() => adminKubeconfig(plan, join(parent, "none"))).toThrow(expected);
      expect(() => deliveryPrivateKey(join(parent, "none"))).toThrow(expected);
    }));
});
