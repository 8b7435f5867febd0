import { describe, expect, it } from "vitest";
import { lineProgress } from "./progress.ts";
import type { TerraformEvent } from "./terraform.ts";

function shown(...events: TerraformEvent[]): string[] {
  const lines: string[] = [];
  const progress = lineProgress(
    (text) => lines.push(text),
    () => 1.25,
  );
  for (const event of events) progress.terraform(event);
  return lines;
}

const output = (addr: string, text: string): TerraformEvent => ({
  type: "provision_progress",
  hook: { resource: { addr }, output: text },
});

describe("the progress of a deploy", () => {
  it("shows what steps say beside whom they say it of", () => {
    expect(shown(output("null_resource.power-w1", "w1: power on"))).toEqual([
      "   1.3 s  w1         power on\n",
    ]);
  });

  it("shows other output beside the step's machine", () => {
    expect(shown(output("null_resource.deliver-w1", "Killed"))).toEqual(["   1.3 s  w1         Killed\n"]);
  });

  it("keeps Terraform's own words to itself", () => {
    const own = output("null_resource.power-w1", 'Executing: ["/bin/sh" "-c" "landfall step power"]');
    expect(
      shown(
        own,
        { type: "version" },
        { type: "apply_start", hook: { resource: { addr: "null_resource.release" } } },
      ),
    ).toEqual([]);
  });

  it("tells when a machine is known to the boot service, and when it is not any more", () => {
    const group = { addr: 'matchbox_group.machine["w1"]' };
    expect(
      shown(
        { type: "apply_complete", hook: { resource: group, action: "create" } },
        { type: "apply_complete", hook: { resource: group, action: "delete" } },
      ),
    ).toEqual([
      "   1.3 s  w1         known to the boot service\n",
      "   1.3 s  w1         forgotten by the boot service\n",
    ]);
  });
});
