import { expect, test } from "vitest";
import { type GoModule, goModules, knownReleases, terraformProviders, testImageTags } from "./pins.ts";
import { releaseStep } from "./release.ts";

const modules: readonly (readonly [string, GoModule])[] = Object.entries(goModules);

test.each(modules)("%s is pinned to exact versions, and only what is pinned is built", (_, source) => {
  const required = [
    `require ${source.module} ${source.version}`,
    ...(source.extra ?? []).filter((line) => line.startsWith("require")),
  ].map((line) => line.split(" "));
  for (const [, , version] of required) expect(version).toMatch(/^v\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/);
  for (const path of source.packages) {
    expect(required.some(([, name]) => path === name || path.startsWith(`${name}/`))).toBe(true);
  }
});

test("providers are offered under versions that Terraform can parse, and are built here", () => {
  for (const { version, tool } of terraformProviders) {
    expect(version).toMatch(/^\d+\.\d+\.\d+$/);
    expect(Object.keys(goModules)).toContain(tool);
  }
});

test("every known release has tags of its test images", () => {
  expect(Object.keys(testImageTags)).toEqual(knownReleases);
});

test("releases of two versions of Kubernetes share their system, and nothing that Kubernetes is in", () => {
  const [first, second] = knownReleases.map(releaseStep);
  const ids = (step: typeof first) => step!.needs.map(({ name, key }) => `${name} ${key}`);
  const shared = ids(first).filter((id) => ids(second).includes(id));
  expect(shared.map((id) => id.split(" ")[0])).toEqual(["root", "initrd", "loader", "debian"]);
  expect(first!.key).not.toBe(second!.key);
});

test("an unknown release is refused by name", () => {
  expect(() => releaseStep("1.30.0")).toThrow(
    expect.objectContaining({
      code: "release-unknown",
      details: { found: "1.30.0", expected: "1.34.1 or 1.35.1" },
    }),
  );
});
