/** Debian packages that building a release needs on this computer. Go comes beside them, from wherever it is had. */
export const hostPackages: readonly string[] = [
  "mmdebstrap",
  "squashfs-tools",
  "cpio",
  "zstd",
  "kmod",
  "gcc",
  "systemd",
  "util-linux",
  // an apiserver that is asked what it makes first
  "curl",
  "iproute2",
  "openssl",
  // the boot loader of machines' disks
  "grub-common",
  "grub-pc-bin",
  "grub-efi-amd64-bin",
  "dosfstools",
  "mtools",
];

const packageOf: Readonly<Record<string, string>> = {
  mmdebstrap: "mmdebstrap",
  mksquashfs: "squashfs-tools",
  cpio: "cpio",
  zstd: "zstd",
  depmod: "kmod",
  systemctl: "systemd",
  flock: "util-linux",
  ip: "iproute2",
  gcc: "gcc",
  "grub-mkimage": "grub-common",
  "mkfs.fat": "dosfstools",
  mcopy: "mtools",
};

/** How to get a program that is missing, as a sentence. */
export function installHint(program: string): string {
  if (program === "go") return "install Go 1.24 or newer and put it on the PATH";
  return `apt-get install ${packageOf[program] ?? program}`;
}
