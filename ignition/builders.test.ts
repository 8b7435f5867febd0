import { describe, expect, it } from "vitest";
import { config, configOf, directory, disk, file, filesystem, link, unit, user } from "./index.ts";

describe("file", () => {
  it("says only what was asked for", () => {
    expect(file({ path: "/a" })).toEqual({ path: "/a" });
  });

  it("takes owners by name and by number", () => {
    expect(file({ path: "/a", user: "core", group: 0 })).toEqual({
      path: "/a",
      user: { name: "core" },
      group: { id: 0 },
    });
  });

  it("takes contents from elsewhere, with what proves them", () => {
    const contents = {
      url: "https://h/f",
      sha256: "ab",
      headers: { Authorization: "x" },
      compression: "gzip",
    } as const;
    expect(file({ path: "/a", contents, append: ["b"] })).toEqual({
      path: "/a",
      contents: {
        source: "https://h/f",
        compression: "gzip",
        httpHeaders: [{ name: "Authorization", value: "x" }],
        verification: { hash: "sha256-ab" },
      },
      append: [{ source: "data:,b" }],
    });
  });
});

it("directory, link and filesystem are the spec's objects", () => {
  expect(directory({ path: "/d", mode: 0o700, overwrite: true })).toEqual({
    path: "/d",
    mode: 0o700,
    overwrite: true,
  });
  expect(link({ path: "/l", target: "../x", hard: false })).toEqual({
    path: "/l",
    target: "../x",
    hard: false,
  });
  expect(filesystem({ device: "/dev/a", format: "ext4", wipe: true })).toEqual({
    device: "/dev/a",
    format: "ext4",
    wipeFilesystem: true,
  });
});

it("unit takes drop-ins by file name, in order", () => {
  expect(unit({ name: "a.service", mask: true, dropins: { "b.conf": "[B]", "a.conf": "[A]" } })).toEqual({
    name: "a.service",
    mask: true,
    dropins: [
      { name: "b.conf", contents: "[B]" },
      { name: "a.conf", contents: "[A]" },
    ],
  });
});

it("user takes whole public key files", () => {
  const { sshAuthorizedKeys } = user({
    name: "core",
    sshAuthorizedKeys: ["# mine\nssh-ed25519 A\n\nssh-rsa B\n"],
  });
  expect(sshAuthorizedKeys).toEqual(["ssh-ed25519 A", "ssh-rsa B"]);
});

describe("disk", () => {
  it("numbers partitions from 1 and knows types by name", () => {
    const partitions = [
      { label: "efi", type: "esp", sizeMiB: 512 },
      { label: "root" },
      { number: 9, type: "X" },
    ];
    expect(disk({ device: "/dev/vda", wipe: false, partitions })).toEqual({
      device: "/dev/vda",
      wipeTable: false,
      partitions: [
        { label: "efi", sizeMiB: 512, number: 1, typeGuid: "C12A7328-F81F-11D2-BA4B-00A0C93EC93B" },
        { label: "root", number: 2 },
        { number: 9, typeGuid: "X" },
      ],
    });
  });
});

describe("config", () => {
  it("with no part is a config with nothing in it", () => {
    expect(config()).toEqual({ ignition: { version: "3.4.0" } });
    expect(configOf("3.3.0", [{ files: [] }])).toEqual({ ignition: { version: "3.3.0" } });
  });

  it("joins the lists of its parts in order", () => {
    const joined = config(
      { files: [{ path: "/a" }], kernelArguments: { shouldExist: ["a"] } },
      {
        files: [{ path: "/b" }],
        kernelArguments: { shouldExist: ["b"] },
        ignition: { timeouts: { httpTotal: 5 } },
      },
    );
    expect(joined).toEqual({
      ignition: { version: "3.4.0", timeouts: { httpTotal: 5 } },
      storage: { files: [{ path: "/a" }, { path: "/b" }] },
      kernelArguments: { shouldExist: ["a", "b"] },
    });
  });
});
