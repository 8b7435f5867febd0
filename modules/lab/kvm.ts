// Whether KVM really works here: in a nested virtual machine /dev/kvm may open, make a vCPU, and then never run a kernel.
import { accessSync, constants, readdirSync } from "node:fs";
import { join } from "node:path";
import { attempt } from "./command.ts";

export type Accelerator = "kvm" | "tcg";

/** Seconds; a kernel panics for want of a root in one where KVM works. */
const probeTimeout = 5;

/**
 * Boots a kernel to its panic under KVM.
 * @param assets the boot service's assets: any kernel of a release will do. Without one the answer is tcg.
 */
export async function chooseAccelerator(qemu: string, assets: string): Promise<Accelerator> {
  try {
    accessSync("/dev/kvm", constants.R_OK | constants.W_OK);
  } catch {
    return "tcg";
  }
  const kernel = readdirSync(assets, { recursive: true, encoding: "utf8" }).find((path) =>
    /^[0-9a-f]{64}\/kernel$/.test(path),
  );
  if (kernel === undefined) return "tcg";
  const { code } = await attempt([
    ...[
      "timeout",
      "--signal=KILL",
      String(probeTimeout),
      qemu,
      ...processor("kvm"),
      "-m",
      "512",
      "-nodefaults",
      "-display",
      "none",
    ],
    ...["-no-reboot", "-kernel", join(assets, kernel), "-append", "panic=-1"],
  ]);
  return code === 0 ? "kvm" : "tcg";
}

/** QEMU's arguments for the processor. */
export function processor(accelerator: Accelerator): string[] {
  return accelerator === "kvm"
    ? ["-accel", "kvm", "-cpu", "host,arch-capabilities=off"]
    : ["-accel", "tcg,thread=multi", "-cpu", "max,svm=off,la57=off"]; // la57 and svm: slow, or wrong, when emulated
}
