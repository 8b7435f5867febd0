import { expect, test } from "vitest";
import { applyPatch, deriveGoMod } from "./go.ts";

test("Kubernetes' go.mod names published modules in place of folders of its repository", () => {
  const upstream = `module k8s.io/kubernetes

go 1.24.0

require (
	k8s.io/api v0.0.0
	k8s.io/utils v0.0.0-20250604170112-4c0f3b243397
)

replace (
	k8s.io/api => ./staging/src/k8s.io/api
	k8s.io/apimachinery => ./staging/src/k8s.io/apimachinery
)
`;
  expect(deriveGoMod(upstream, "1.34.1")).toBe(`module landfall.build/k8s

go 1.24.0

require (
	k8s.io/api v0.0.0
	k8s.io/utils v0.0.0-20250604170112-4c0f3b243397
)

replace (
	k8s.io/api => k8s.io/api v0.34.1
	k8s.io/apimachinery => k8s.io/apimachinery v0.34.1
)

require k8s.io/kubernetes v1.34.1
`);
});

test("a patch fits its place, and no other", () => {
  const change = { module: "example.com/m", file: "a.go", find: "tick := 1\n", replace: "tick := $&\n" };
  expect(applyPatch("a\ntick := 1\nb\n", change)).toBe("a\ntick := $&\nb\n");
  for (const source of ["tick := 2\n", "tick := 1\ntick := 1\n"])
    expect(() => applyPatch(source, change)).toThrow(expect.objectContaining({ code: "patch-unfit" }));
});
