// biome-ignore-all lint/suspicious/noTemplateCurlyInString: they are iPXE's.
import { describe, expect, it } from "vitest";
import { LandfallError } from "../spec/index.ts";
import { expand, parseIpxe, runIpxe } from "./ipxe.ts";

const settings = { mac: "52:54:00:AA:00:01", uuid: "u-1", buildarch: "x86_64", hostname: "m 1" };

describe("expand", () => {
  it.each([
    ["${mac}", "52:54:00:AA:00:01"],
    ["${net0/mac:hexhyp}", "52-54-00-aa-00-01"],
    ["${mac:hexraw}", "525400aa0001"],
    ["${hostname:uristring}", "m%201"],
    ["a${serial}b", "ab"],
    ["$mac {mac}", "$mac {mac}"],
  ])("%s", (text, expected) => expect(expand(text, settings)).toBe(expected));

  it("refuses a format that iPXE might not know either", () => {
    expect(() => expand("${mac:base64}", settings)).toThrow(LandfallError);
  });
});

describe("parseIpxe", () => {
  it("knows comments, blank lines and line numbers", () => {
    expect(parseIpxe("#!ipxe\n# hello\n\n  echo a b\r\nboot\n")).toEqual([
      { line: 4, name: "echo", args: ["a", "b"] },
      { line: 5, name: "boot", args: [] },
    ]);
  });

  it.each(["", "kernel x", "#!ipxe\nshell", "#!ipxe\necho a && shell", "#!ipxe\n|| echo"])(
    "refuses %j",
    (text) => {
      expect(() => parseIpxe(text)).toThrow(LandfallError);
    },
  );
});

describe("runIpxe", () => {
  const run = (pages: Record<string, string>, start = "http://h:8080/boot.ipxe") => {
    const asked: string[] = [];
    const boot = runIpxe(start, settings, async (url) => {
      asked.push(url);
      const page = pages[url];
      if (page === undefined) throw new Error(`404 ${url}`);
      return page;
    });
    return { boot, asked };
  };

  it("follows Matchbox's chain to the kernel, its arguments expanded and URLs resolved", async () => {
    const { boot, asked } = run({
      "http://h:8080/boot.ipxe": "#!ipxe\nchain ipxe?uuid=${uuid}&mac=${mac:hexhyp}&serial=${serial}\n",
      "http://h:8080/ipxe?uuid=u-1&mac=52-54-00-aa-00-01&serial=":
        "#!ipxe\nkernel /assets/k initrd=initrd ignition.config.url=http://h/i?mac=${mac:hexhyp}\ninitrd --name initrd /assets/i\nboot\necho after",
    });
    expect(await boot).toEqual({
      kernel: "http://h:8080/assets/k",
      args: "initrd=initrd ignition.config.url=http://h/i?mac=52-54-00-aa-00-01",
      initrds: ["http://h:8080/assets/i"],
    });
    expect(asked).toHaveLength(2);
  });

  it("uses what a script sets, also in the next", async () => {
    const { boot } = run({
      "http://h:8080/boot.ipxe": "#!ipxe\nset what kernel-1\nchain next",
      "http://h:8080/next": "#!ipxe\nkernel ${what}",
    });
    expect(await boot).toMatchObject({ kernel: "http://h:8080/kernel-1" });
  });

  it.each([
    [
      "BIOS, by its first disk",
      "pcbios",
      "iseq ${platform} efi && goto uefi ||\nsanboot --no-describe --drive 0x80 ||\nexit 1\n:uefi\nkernel wrong",
    ],
    [
      "UEFI, by its next boot entry",
      "efi",
      "iseq ${platform} efi && goto uefi ||\nkernel wrong\nboot\n:uefi\nexit 1",
    ],
    ["a condition that fails and is not forgiven", "efi", "iseq ${platform} pcbios\nkernel wrong"],
  ])("gives way to the disk: %s", async (_, platform, script) => {
    const page = async () => `#!ipxe\n${script}\n`;
    expect(await runIpxe("http://h/boot.ipxe", { ...settings, platform }, page)).toBe("disk");
  });

  it("hands on what fetching throws: no boot target is not a bad script", async () => {
    await expect(run({}).boot).rejects.toThrow("404");
  });

  it.each([
    ["a script that boots nothing", "#!ipxe\necho hello"],
    ["boot before kernel", "#!ipxe\nboot"],
    ["a chain without end", "#!ipxe\nchain boot.ipxe"],
    ["options that it does not know", "#!ipxe\nkernel --timeout 3 k"],
    ["a chain without a URL", "#!ipxe\nchain"],
    ["a label that is not there", "#!ipxe\ngoto retry"],
    ["a loop", "#!ipxe\n:retry\ngoto retry"],
    ["another drive than the first", "#!ipxe\nsanboot --drive 0x81"],
  ])("refuses %s", async (_, script) => {
    await expect(run({ "http://h:8080/boot.ipxe": script }).boot).rejects.toThrow(LandfallError);
  });
});
