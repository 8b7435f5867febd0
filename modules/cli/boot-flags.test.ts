import { describe, expect, it } from "vitest";
import { readBootFlags } from "./boot-flags.ts";

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

  it("ask for HTTPS", () => {
    expect(readBootFlags(["-web-ssl", "-web-key-file=/k"], {}).web).toEqual({
      certFile: "/etc/matchbox/ssl/server.crt",
      keyFile: "/k",
    });
    expect(readBootFlags(["-web-ssl=false"], { MATCHBOX_WEB_SSL: "true" }).web).toBeUndefined();
    expect(readBootFlags([], { MATCHBOX_WEB_SSL: "true" }).web).toBeDefined();
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
