// Racks on paper: groups of as many machines as are wanted, in Matchbox's layout.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export function macOf(index: number): string {
  const hex = (byte: number) => (byte & 255).toString(16).padStart(2, "0");
  return `52:54:00:${hex(index >> 16)}:${hex(index >> 8)}:${hex(index)}`;
}

/** One profile with a config of some length, and a group a machine. */
export function writeRack(data: string, machines: number): void {
  for (const kind of ["groups", "profiles", "ignition", "generic"])
    mkdirSync(join(data, kind), { recursive: true });
  writeFileSync(
    join(data, "profiles/workers.json"),
    JSON.stringify({
      id: "workers",
      name: "workers",
      ignition_id: "workers.ign",
      boot: {
        kernel: "/assets/vmlinuz",
        initrd: ["/assets/initrd"],
        args: ["ignition.config.url=http://boot/ignition?mac=${mac:hexhyp}", "ip=dhcp"],
      },
    }),
  );
  const contents = { source: `data:,${"x".repeat(1000)}` };
  const files = Array.from({ length: 20 }, (_, index) => ({
    path: `/etc/file-${index}`,
    mode: 420,
    contents,
  }));
  writeFileSync(
    join(data, "ignition/workers.ign"),
    JSON.stringify({ ignition: { version: "3.4.0" }, storage: { files } }),
  );
  for (let index = 0; index < machines; index++)
    writeFileSync(
      join(data, `groups/m${index}.json`),
      JSON.stringify({
        id: `m${index}`,
        name: `m${index}`,
        profile: "workers",
        selector: { mac: macOf(index) },
        metadata: { name: `m${index}`, address: `10.0.${index >> 8}.${index & 255}`, role: "worker" },
      }),
    );
}
