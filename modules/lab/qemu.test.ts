import { expect, it } from "vitest";
import { planLab } from "./config.ts";
import { qemuArguments } from "./qemu.ts";
import { exampleConfig } from "./testing.ts";

const [bios, uefi] = planLab(exampleConfig()).machines;
const at = { disk: "/d", port: "p", uuid: "u", ovmfCode: "/code", ovmfVars: "/vars" };
const text = (machine = bios!, network = false) => qemuArguments(machine, at, network, "tcg").join(" ");

it("tries the disk first, and the network first when it is told to", () => {
  expect(text()).toMatch(/virtio-blk-pci,drive=disk,serial=disk0,bootindex=1 .*virtio-net-pci.*bootindex=2/);
  expect(text(bios, true)).toMatch(
    /virtio-blk-pci,drive=disk,serial=disk0,bootindex=2 .*virtio-net-pci.*bootindex=1/,
  );
});

it("gives a UEFI machine its firmware, variables of its own, and the firmware's PXE", () => {
  expect(text(uefi)).toMatch(/romfile= .*readonly=on,file=\/code .*pflash,format=raw,file=\/vars/);
  expect(text(bios)).not.toMatch(/pflash|romfile/);
});
