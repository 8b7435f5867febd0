// Boot scripts as Matchbox writes them, for iPXE and GRUB.
import type { NetBoot } from "../catalog/index.ts";

export const bootstrapScript = `#!ipxe
chain ipxe?uuid=\${uuid}&mac=\${mac:hexhyp}&domain=\${domain}&hostname=\${hostname}&serial=\${serial}&arch=\${buildarch:uristring}
`;

export function ipxeScript({ kernel, initrd, args }: NetBoot): string {
  const lines = [
    "#!ipxe",
    ["kernel", kernel, ...args].join(" "),
    ...initrd.map((url) => `initrd ${url}`),
    "boot",
  ];
  return `${lines.join("\n")}\n`;
}

export function grubConfig({ kernel, initrd, args }: NetBoot): string {
  const line = [`"${kernel}"`, ...args].join(" ");
  const ramdisks = initrd.map((url) => ` "${url}"`).join("");
  const entry = (firmware: string, suffix: string) => `menuentry "CoreOS (${firmware})" {
echo "Loading kernel"
linux${suffix} ${line}
echo "Loading initrd"
initrd${suffix} ${ramdisks}
}
`;
  return `default=0\nfallback=1\ntimeout=1\n${entry("EFI", "efi")}${entry("BIOS", "")}`;
}
