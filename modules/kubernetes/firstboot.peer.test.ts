// scripts/firstboot.sh by a real shell, sed and ssh-keygen, in a root of its own.
import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { script } from "./scripts.ts";

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "landfall-firstboot-"));
  const programs = ["sh", "sed", "grep", "head", "find", "cp", "xargs", "ssh-keygen"];
  for (const program of programs) install(execFileSync("which", [program], { encoding: "utf8" }).trim());
  install("/lib/x86_64-linux-gnu/libnss_files.so.2");
  write("/etc/passwd", "root:x:0:0::/root:/bin/sh\n");
  write("/firstboot", script("firstboot"));
  write("/dev/null", "");
  write("/etc/ssh/.keep", "");
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** A program and the libraries it is linked with. */
function install(program: string) {
  const libraries = spawnSync("ldd", [program], { encoding: "utf8" }).stdout.match(/\/\S+/g) ?? [];
  for (const path of [program, ...libraries.filter((line) => !line.endsWith(":"))]) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    copyFileSync(path, join(root, path));
  }
}
function write(path: string, contents: string) {
  mkdirSync(join(root, dirname(path)), { recursive: true });
  writeFileSync(join(root, path), contents);
}
const read = (path: string) => readFileSync(join(root, path), "utf8");

function firstboot(metadata: string) {
  write("/etc/landfall/metadata", metadata);
  write(
    "/etc/landfall/templates/etc/systemd/network/10-landfall.network",
    "Address=@ADDRESS@/@PREFIX@\nGateway=@GATEWAY@\n",
  );
  return spawnSync("chroot", [root, "/usr/bin/sh", "/firstboot"], { encoding: "utf8" });
}

const metadata =
  "NAME=w1\nADDRESS=10.77.0.21\nPREFIX=24\nGATEWAY=10.77.0.1\nDNS=10.77.0.1,10.77.0.2\nMAC=52:54:00:77:00:21\n";

test("templates become the machine's own files", () => {
  write(
    "/etc/landfall/templates/etc/kubernetes/manifests/etcd.yaml",
    "name: @NAME@\nurl: https://@HOST@:2380\n",
  );
  write(
    "/etc/landfall/templates/etc/peers",
    "@UNLESS:10.77.0.21@10.77.0.21\n@UNLESS:10.77.0.22@10.77.0.22\n",
  );
  expect(firstboot(metadata)).toMatchObject({ status: 0, stderr: "" });
  expect(read("/etc/kubernetes/manifests/etcd.yaml")).toBe("name: w1\nurl: https://10.77.0.21:2380\n");
  expect(read("/etc/peers")).toBe("10.77.0.22\n");
  expect(read("/etc/systemd/network/10-landfall.network")).toBe("Address=10.77.0.21/24\nGateway=10.77.0.1\n");
  expect(read("/etc/resolv.conf")).toBe("nameserver 10.77.0.1\nnameserver 10.77.0.2\n");
});

test("no gateway is no line; an IPv6 address stands in brackets in URLs", () => {
  write("/etc/landfall/templates/etc/url", "https://@HOST@:2380\n");
  expect(
    firstboot("NAME=w1\nADDRESS=fd00::21\nPREFIX=64\nGATEWAY=\nDNS=\nMAC=52:54:00:77:00:21\n").status,
  ).toBe(0);
  expect(read("/etc/systemd/network/10-landfall.network")).toBe("Address=fd00::21/64\n");
  expect(read("/etc/url")).toBe("https://[fd00::21]:2380\n");
  expect(read("/etc/resolv.conf")).toBe("");
});

test("the host key is made once, kept private, and its fingerprint is said on the console", () => {
  const first = firstboot(metadata);
  const key = "/etc/ssh/ssh_host_ed25519_key";
  const print = execFileSync("ssh-keygen", ["-l", "-f", join(root, `${key}.pub`)], {
    encoding: "utf8",
  }).split(" ")[1];
  expect(first.stdout).toBe(`landfall: ssh-host-key ${print}\n`);
  expect(statSync(join(root, key)).mode & 0o777).toBe(0o600);
  expect(firstboot(metadata).stdout).toBe(first.stdout);
});

test.each(["NAME=w1;reboot", "NAME=$(reboot)", "NAME=w1 x", "name=w1", "garbage"])(
  "metadata that could say more than names and addresses is refused: %s",
  (line) => {
    expect(firstboot(`${metadata}${line}\n`)).toMatchObject({ status: 1 });
  },
);
