// A built release in use, without a machine: its root as a root, its image store in its containerd, a pod's programs run.
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, describe, expect, test } from "vitest";
import { ownPath, sha256File } from "./files.ts";
import { knownReleases } from "./pins.ts";
import { initrdTree, releaseFilePath, resolveRelease } from "./release.ts";
import type { Release, ReleaseFileKind } from "./types.ts";

const execute = promisify(execFile);
const cacheDir = process.env.LANDFALL_CACHE ?? join(homedir(), ".cache", "landfall");
let release: Release;

beforeAll(() => {
  const found = resolveRelease(knownReleases[0]!, cacheDir);
  if (found === undefined) {
    throw new Error(
      `no release of these sources in ${cacheDir}: npx landfall release build ${knownReleases[0]}`,
    );
  }
  release = found;
});

test("files are what the manifest says", async () => {
  for (const kind of Object.keys(release.files) as ReleaseFileKind[]) {
    expect(await sha256File(releaseFilePath(release, kind, cacheDir))).toBe(release.files[kind].sha256);
  }
});

describe("in a root of its own", () => {
  /** Runs a script chrooted into the release's root, on cgroups of this computer and file systems of its own. */
  async function inRoot(script: string): Promise<string> {
    const work = mkdtempSync(join(tmpdir(), "landfall-root-"));
    try {
      const args = [ownPath("test", "in-root.sh"), work];
      const files = (["root", "kubernetes"] as const).map((kind) => releaseFilePath(release, kind, cacheDir));
      const flags = ["--mount", "--pid", "--net", "--fork", "--kill-child", "--propagation", "private"];
      const { stdout } = await execute("unshare", [...flags, "sh", ...args, ...files, script], {
        timeout: 100_000,
        // unshare ignores SIGTERM while it waits.
        killSignal: "SIGKILL",
      });
      return stdout;
    } finally {
      rmSync(work, { recursive: true });
    }
  }

  test("containerd has every image from its first moment, unpacked, after a restart too, and runs them", async () => {
    const output = await inRoot(`
      containerd_up() {
        /usr/lib/landfall/containerd-prepare /run/landfall/containerd.toml
        containerd --config /run/landfall/containerd.toml 2>/run/containerd.log &
        until ctr version >/dev/null 2>&1; do kill -0 $! || { cat /run/containerd.log; exit 1; }; sleep 0.1; done
      }
      containerd_up
      kill $! && wait $! || true
      containerd_up
      echo "images: $(ctr -n k8s.io images list -q | grep -v sha256: | tr '\\n' ' ')"
      echo "not unpacked: $(ctr -n k8s.io images check | awk 'NR > 1 && $NF != "true"' | wc -l)"
      echo "of CRI: $(ctr -n k8s.io images list | grep -c io.cri-containerd.image=managed)"
      echo "cri: $(ctr plugins list | awk '$2 == "cri" { print $4 }' | sort -u)"
      ctr -n k8s.io run --rm landfall.local/etcd:${"$"}(ctr -n k8s.io images list -q | sed -n 's|landfall.local/etcd:||p') e \\
        /usr/local/bin/etcd --version
      ctr -n k8s.io run --detach --net-host landfall.local/web:v1 w
      ctr -n k8s.io run --detach landfall.local/pause:v1 p
      until ctr -n k8s.io tasks list | grep -q 'w .*RUNNING' && ctr -n k8s.io tasks list | grep -q 'p .*RUNNING'; do sleep 0.1; done
      echo running
      for task in w p; do ctr -n k8s.io tasks kill --signal TERM $task; done
      until ! ctr -n k8s.io tasks list | grep -q RUNNING; do sleep 0.1; done
      echo stopped
      ctr -n k8s.io containers delete w p 2>/dev/null || true
    `);
    const images = Object.values(release.images);
    expect(/^images: (.*) $/m.exec(output)?.[1]?.split(" ").sort()).toEqual([...images].sort());
    expect(output).toContain("not unpacked: 0");
    // Each by its name and by its id.
    expect(output).toContain(`of CRI: ${2 * images.length}`);
    expect(output).toContain("cri: ok");
    expect(output).toContain(`etcd Version: ${release.versions.etcd}`);
    expect(output).toMatch(/^running$[\s\S]*^stopped$/m);
  });

  test("programs outside of pods are of this release", async () => {
    const output = await inRoot(`
      /usr/lib/landfall/release/bin/kubelet --version
      /usr/lib/landfall/release/bin/kubectl version --client
      haproxy -v; keepalived --version 2>&1; sshd -V 2>&1 || true; nft --version; ipset --version; conntrack --version; jq --version
    `);
    expect(output).toContain(`Kubernetes v${release.kubernetes}`);
    expect(output).toContain(`Client Version: v${release.kubernetes}`);
    for (const program of ["HAProxy", "Keepalived", "OpenSSH", "nftables", "ipset", "conntrack", "jq-"]) {
      expect(output).toContain(program);
    }
    expect(output).not.toContain("cannot open shared object");
  });

  test("nothing that machines must not share is in the image", async () => {
    const output = await inRoot("ls /etc/ssh; cat /etc/machine-id; find / -xdev -name '*_key' -path '*ssh*'");
    expect(output).not.toMatch(/ssh_host_/);
    expect(output).toContain("uninitialized");
  });
});

test("the initrd has what its init and Ignition call", async () => {
  const tree = initrdTree(release, cacheDir);
  const init = readFileSync(join(tree, "init"), "utf8");
  await execute("chroot", [tree, "/bin/busybox", "sh", "-n", "/init"]);
  const called = [
    "flock",
    "wget",
    "udhcpc",
    "sha256sum",
    "switch_root",
    "modprobe",
    "blkid",
    "wipefs",
    "mkfs.ext4",
  ];
  for (const program of called) expect(init).toContain(program);
  const others = ["useradd", "usermod", "groupadd", "mkfs.vfat", "sgdisk", "udevadm"];
  const { stdout } = await execute("chroot", [
    tree,
    "/bin/sh",
    "-c",
    `which ${[...called, ...others].join(" ")}`,
  ]);
  expect(stdout.trim().split("\n")).toHaveLength(called.length + others.length);
  const version = await execute("chroot", [tree, "/usr/bin/ignition", "--version"]);
  expect(version.stdout).toContain(release.versions.ignition);
});
