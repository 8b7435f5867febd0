import { describe, expect, it } from "vitest";
import { type BootFlags, bootFlags, readBootFlags } from "./boot-flags.ts";

describe("flags of landfall boot serve", () => {
  it("are Matchbox's, in all of Go's spellings", () => {
    const flags = readBootFlags(
      [
        "-address=10.0.0.1:80",
        "--rpc-address",
        "[::]:81",
        "-data-path",
        "/d",
        "--assets-path=",
        "-log-level=WARNING",
      ],
      {},
    );
    expect(flags).toMatchObject({
      http: { host: "10.0.0.1", port: 80 },
      rpc: { host: "::", port: 81 },
      dataPath: "/d",
      assetsPath: undefined,
      logLevel: "warn",
      version: false,
    });
  });

  it("have Matchbox's defaults", () => {
    expect(readBootFlags([], {})).toMatchObject({
      http: { host: "127.0.0.1", port: 8080 },
      rpc: undefined,
      dataPath: "/var/lib/matchbox",
      assetsPath: "/var/lib/matchbox/assets",
      certFile: "/etc/matchbox/server.crt",
      store: "file",
      page: { host: "127.0.0.1", port: 8082 },
    });
  });

  it("come from the environment where they are not given", () => {
    const env = {
      MATCHBOX_ADDRESS: ":1",
      MATCHBOX_DATA_PATH: "/e",
      MATCHBOX_KEY_FILE: "",
      LANDFALL_BOOT_STORE: "postgres",
    };
    expect(readBootFlags(["-data-path=/f"], env)).toMatchObject({
      http: { host: "", port: 1 },
      dataPath: "/f",
      keyFile: "/etc/matchbox/server.key",
      store: "postgres",
    });
  });

  const given: Readonly<Record<string, readonly [value: string, read: Partial<BootFlags>]>> = {
    address: ["10.0.0.1:80", { http: { host: "10.0.0.1", port: 80 } }],
    "rpc-address": ["10.0.0.1:81", { rpc: { host: "10.0.0.1", port: 81 } }],
    "data-path": ["/d", { dataPath: "/d" }],
    "assets-path": ["/a", { assetsPath: "/a" }],
    "cert-file": ["/s.crt", { certFile: "/s.crt" }],
    "key-file": ["/s.key", { keyFile: "/s.key" }],
    "ca-file": ["/ca.crt", { caFile: "/ca.crt" }],
    "log-level": ["debug", { logLevel: "debug" }],
    version: ["true", { version: true }],
    help: ["true", { help: true }],
  };

  it.each(Object.entries(given))(
    "-%s is taken, and its variable where it is not given",
    (name, [value, read]) => {
      const variable = `MATCHBOX_${name.toUpperCase().replaceAll("-", "_")}`;
      expect(readBootFlags([], {})).not.toMatchObject(read);
      expect(readBootFlags([`-${name}=${value}`], {})).toMatchObject(read);
      expect(readBootFlags([], { [variable]: value })).toEqual(readBootFlags([`-${name}=${value}`], {}));
    },
  );

  it("are all of Matchbox's: each is tried here", () => {
    const matchbox = Object.keys(bootFlags).filter((name) => bootFlags[name]!.env.startsWith("MATCHBOX_"));
    const elsewhere = ["web-ssl", "web-cert-file", "web-key-file", "key-ring-path"];
    expect(matchbox.sort()).toEqual([...Object.keys(given), ...elsewhere].sort());
  });

  it("refuse a key ring also from the environment", () => {
    expect(() => readBootFlags([], { MATCHBOX_KEY_RING_PATH: "/k" })).toThrow(
      expect.objectContaining({ code: "usage", message: expect.stringContaining("makes no signatures") }),
    );
  });

  it("ask for HTTPS", () => {
    expect(readBootFlags(["-web-ssl", "-web-key-file=/k"], {}).web).toEqual({
      certFile: "/etc/matchbox/ssl/server.crt",
      keyFile: "/k",
    });
    expect(readBootFlags(["-web-ssl=false"], { MATCHBOX_WEB_SSL: "true" }).web).toBeUndefined();
    const web = { MATCHBOX_WEB_SSL: "true", MATCHBOX_WEB_CERT_FILE: "/c", MATCHBOX_WEB_KEY_FILE: "/k" };
    expect(readBootFlags([], web).web).toEqual({ certFile: "/c", keyFile: "/k" });
  });

  it.each([["-version"], ["--version"], ["-version=1"], ["-version=T"]])("%s is on", (flag) => {
    expect(readBootFlags([flag], {}).version).toBe(true);
  });

  it.each([
    [["-nonsense"]],
    [["address"]],
    [["-"]],
    [["--"]],
    [["-address"]],
    [["-address=nowhere"]],
    [["-address=:99999"]],
    [["-store=tape"]],
    [["-log-level=loud"]],
    [["-version=maybe"]],
    [["-__proto__=x"]],
    [["-key-ring-path=/k"]],
  ])("%j is refused", (argv) => {
    expect(() => readBootFlags(argv, {})).toThrow(expect.objectContaining({ code: "usage" }));
  });
});

describe("soft time-outs", () => {
  const of = (text: string) => readBootFlags([`-soft-timeouts=${text}`], {}).softTimeouts;

  it("are those of real machines, but for what is set", () => {
    expect(readBootFlags([], {}).softTimeouts).toEqual({ install: 1800, reboot: 2400, join: 3600 });
    expect(of("reboot=60, install=30")).toEqual({ install: 30, reboot: 60, join: 3600 });
  });

  it.each(["", "install", "install=0", "install=-1", "wipe=5", "install=1,"])("refuse %j", (text) => {
    expect(() => of(text)).toThrow("-soft-timeouts has a part that is none");
  });
});
