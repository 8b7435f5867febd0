// The receiver under the real sh, tar and coreutils.
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { filesFingerprint } from "../pki/index.ts";
import { archiveOf } from "./deliver.ts";
import { exampleFiles } from "./example-files.ts";
import { foreignArchive, type MachineRoot, machineRoot } from "./example-root.ts";
import { tar } from "./tar.ts";

const first = delivery("first");
const second = delivery("second");
let machine: MachineRoot;
beforeEach(() => {
  machine = machineRoot();
});
afterEach(() => machine.remove());

function delivery(edition: string) {
  const files = exampleFiles(edition);
  const fingerprint = filesFingerprint(files);
  const expected = Object.fromEntries(
    files.map((file) => [
      file.path.replace("/etc/kubernetes/pki/", ""),
      `${file.mode.toString(8)} ${file.contents.toString()}`,
    ]),
  );
  return { files, fingerprint, archive: archiveOf(files, fingerprint), expected };
}

describe("a delivery", () => {
  test("is put in force, remembered, and starts what waits for it", () => {
    expect(machine.receive("fingerprint")).toMatchObject({ status: 0, output: "none\n" });
    const done = machine.receive("deliver", first.archive);
    expect(done).toMatchObject({ status: 0, output: `landfall: delivered ${first.fingerprint}\n` });
    expect(machine.inForce()).toEqual(first.expected);
    expect(machine.receive("fingerprint").output).toBe(`${first.fingerprint}\n`);
    expect(machine.systemctl()).toEqual(["start --no-block kubelet.service haproxy.service"]);
    expect(statSync(machine.path("etc/kubernetes/pki/")).mode & 0o777).toBe(0o700);
    expect(readFileSync(machine.path("etc/kubernetes/pki/.delivered"), "utf8")).toBe(
      `${first.fingerprint}\n`,
    );
  });

  test("takes the place of an empty folder that an image has there", () => {
    mkdirSync(machine.path("etc/kubernetes/pki"));
    expect(machine.receive("deliver", first.archive).status).toBe(0);
    expect(machine.inForce()).toEqual(first.expected);
  });

  test("of other contents replaces the whole, and keeps one set before it", () => {
    machine.receive("deliver", first.archive);
    machine.receive("deliver", second.archive);
    machine.receive("deliver", second.archive);
    expect(machine.inForce()).toEqual(second.expected);
    const third = delivery("third");
    machine.receive("deliver", third.archive);
    const kept = readdirSync(machine.path("etc/kubernetes/.pki")).filter((name) => !name.startsWith("."));
    expect(kept.toSorted()).toEqual([second.fingerprint, third.fingerprint].toSorted());
  });

  test("is linked relatively, so that it is the same inside a container that has /etc/kubernetes", () => {
    machine.receive("deliver", first.archive);
    expect(readlinkSync(machine.path("etc/kubernetes/pki"))).toBe(`.pki/${first.fingerprint}`);
  });

  test("cut short at any block leaves what was in force, and nothing of itself", () => {
    machine.receive("deliver", first.archive);
    // Up to and without the last file's contents: after that only the end mark is missing.
    const whole = second.archive.length - 2 * 512;
    for (let length = 0; length < whole; length += 512 * 3) {
      const done = machine.receive("deliver", second.archive.subarray(0, length));
      expect(done.status, `${length} bytes`).toBe(1);
      expect(done.errors).toContain("landfall: refused");
    }
    expect(machine.inForce()).toEqual(first.expected);
    expect(machine.receive("fingerprint").output).toBe(`${first.fingerprint}\n`);
    expect(readdirSync(machine.path("etc/kubernetes/.pki")).toSorted()).toEqual([
      ".announced",
      first.fingerprint,
    ]);
    expect(readdirSync(machine.path("run/landfall"))).toEqual(["receive.lock"]);
  });

  test("killed at any moment leaves the one before or itself, and is done when run again", async () => {
    machine.receive("deliver", first.archive);
    let next = second;
    for (let delay = 0; delay < 60; delay += 3) {
      await machine.receiveKilled("deliver", next.archive, delay);
      expect([first.expected, second.expected]).toContainEqual(machine.inForce());
      expect(machine.receive("deliver", next.archive).status).toBe(0);
      expect(machine.inForce()).toEqual(next.expected);
      expect(machine.receive("fingerprint").output).toBe(`${next.fingerprint}\n`);
      next = next === second ? first : second;
    }
  });

  test("that is in force but was never announced counts as none, and is announced when sent again", () => {
    machine.receive("deliver", first.archive);
    writeFileSync(machine.path("systemctl.log"), "");
    writeFileSync(machine.path("etc/kubernetes/.pki/.announced"), "");
    expect(machine.receive("fingerprint").output).toBe("none\n");
    machine.receive("deliver", first.archive);
    expect(machine.systemctl()).toEqual(["start --no-block kubelet.service haproxy.service"]);
    expect(machine.receive("fingerprint").output).toBe(`${first.fingerprint}\n`);
  });
});

describe("an archive is refused", () => {
  const hash = "0".repeat(64);
  const finger = { name: ".fingerprint", mode: 0o600, contents: Buffer.from(`${hash}\n`) };
  const file = (name: string) => ({ name, mode: 0o600, contents: Buffer.from("x") });
  const archives: Record<string, () => Buffer> = {
    "with a name above its folder": () => tar([file("../../evil.key"), finger]),
    "with an absolute name": () => tar([file("/etc/kubernetes/pki/evil.key"), finger]),
    "with a name of another layout": () => tar([file("manifests/evil.yaml"), finger]),
    "with a name that a shell would expand": () => tar([file("a$(reboot).key"), finger]),
    "with a file that comes twice": () => tar([file("ca.crt"), file("ca.crt"), finger]),
    "with a link": () => foreignArchive("ln -s /etc/shadow ca.crt; tar -cf a.tar ca.crt"),
    "with a hard link": () => foreignArchive("touch ca.crt; ln ca.crt sa.key; tar -cf a.tar ca.crt sa.key"),
    "with a folder": () => foreignArchive("mkdir etcd; touch etcd/ca.crt; tar -cf a.tar etcd"),
    "without a fingerprint": () => tar([file("ca.crt")]),
    "with a fingerprint that is a path": () =>
      tar([file("ca.crt"), { ...finger, contents: Buffer.from("../../../etc\n") }]),
    "with the fingerprint of other files": () => archiveOf(exampleFiles("first"), second.fingerprint),
    "with another mode than its fingerprint's": () => {
      const files = exampleFiles("first");
      return archiveOf(
        files.map((each) => ({ ...each, mode: 0o644 })),
        filesFingerprint(files),
      );
    },
    "of more than a mebibyte": () =>
      tar([{ ...file("ca.crt"), contents: Buffer.alloc(1024 * 1024) }, finger]),
    "that is none": () => Buffer.from("hello\n"),
    "that is empty": () => Buffer.alloc(0),
  };
  test.each(Object.keys(archives))("%s", (name) => {
    const done = machine.receive("deliver", archives[name]?.());
    expect(done.status).toBe(1);
    expect(done.errors).toContain("landfall: refused: ");
    expect(machine.inForce()).toBeUndefined();
    expect(machine.systemctl()).toEqual([]);
    expect(existsSync(machine.path("etc/evil.key"))).toBe(false);
  });
});

describe("the forced command", () => {
  test.each([undefined, "", "sh", "deliver; sh", "deliver\nsh", "-c sh", "scp -t /etc"])(
    "refuses %j",
    (command) => {
      const done = machine.receive(command);
      expect(done.status).toBe(1);
      expect(done.output).toBe("");
      expect(done.errors).toMatch(/^landfall: refused: anything but /);
    },
  );

  test("says how the machine is", () => {
    machine.receive("deliver", first.archive);
    const { status, output } = machine.receive("status");
    expect(status).toBe(0);
    expect(output).toMatch(new RegExp(`^delivered ${first.fingerprint}\nuptime [0-9.]+\ncontainerd.service`));
  });

  test.each(["run/landfall/disk", "var/lib/landfall/disk"])(
    "gives up the disk at %s and powers off",
    (disk) => {
      mkdirSync(machine.path(disk), { recursive: true });
      writeFileSync(
        machine.path(`${disk}/marker`),
        "cluster=lab-v1\ngeneration=0123456789abcdef\nstate=installed\n",
      );
      expect(machine.receive("release")).toMatchObject({ status: 0, output: "landfall: released\n" });
      expect(readFileSync(machine.path(`${disk}/marker`), "utf8")).toBe(
        "cluster=lab-v1\ngeneration=0123456789abcdef\nstate=released\n",
      );
      expect(machine.systemctl()).toEqual(["poweroff --no-block"]);
    },
  );

  test("powers off a machine without a disk", () => {
    expect(machine.receive("release")).toMatchObject({ status: 0, output: "landfall: released\n" });
    expect(machine.systemctl()).toEqual(["poweroff --no-block"]);
  });
});
