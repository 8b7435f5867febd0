import { config, disk, file, filesystem, render, sizeReport, unit, user, validate } from "@landfall/ignition";

const base = {
  users: [
    user({ name: "core", sshAuthorizedKeys: ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHUpzPqC me@desk"] }),
  ],
  files: [
    file({ path: "/etc/motd", contents: "Landed.\n", mode: 0o644, overwrite: true }),
    file({
      path: "/opt/bin/agent",
      mode: 0o755,
      contents: {
        url: "http://boot.example.com/assets/agent",
        sha256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
      },
    }),
  ],
};

const worker = {
  disks: [disk({ device: "/dev/vda", wipe: true, partitions: [{ label: "var", sizeMiB: 0 }] })],
  filesystems: [filesystem({ device: "/dev/disk/by-partlabel/var", format: "ext4", path: "/var" })],
  units: [
    unit({
      name: "agent.service",
      enabled: true,
      contents: "[Service]\nExecStart=/opt/bin/agent\n[Install]\nWantedBy=multi-user.target\n",
      dropins: { "10-limits.conf": "[Service]\nMemoryMax=64M\n" },
    }),
  ],
};

export const node = config(base, worker);

export const bytes = render(node); // what the machine fetches
export const verdict = validate(bytes); // { valid: true, version: "3.4.0", warnings: [] }
export const sizes = sizeReport(node); // largest first: unit agent.service, ...
