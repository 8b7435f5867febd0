import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { bytes, sizes, verdict } from "./test/example.ts";

it("README's example is the one that runs, and does what it says", () => {
  const read = (name: string) => readFileSync(new URL(name, import.meta.url), "utf8");
  const example = read("./test/example.ts");
  expect(read("./README.md")).toContain(`\`\`\`ts\n${example}\`\`\``);
  expect(verdict).toEqual({ valid: true, version: "3.4.0", warnings: [] });
  expect(JSON.parse(bytes)).toMatchObject({ systemd: { units: [{ name: "agent.service", enabled: true }] } });
  expect(example).toContain(`largest first: ${sizes.items[0]!.name}, ...`);
});
