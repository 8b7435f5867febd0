import { expect, test } from "vitest";
import type { Plan } from "../plan/index.ts";
import { type ApiRequest, chooseServer } from "./api.ts";
import { nameRoles } from "./node-roles.ts";

const plan = {
  machines: [
    { name: "m1", role: "master", pool: "masters" },
    { name: "w1", role: "worker", pool: "edge" },
  ],
} as unknown as Pick<Plan, "machines">;

function fixed(status: (path: string) => number) {
  const asked: ApiRequest[] = [];
  const client = chooseServer(["https://10.0.0.1:6443"], async (server, request) => {
    asked.push(request);
    return { status: status(request.path), body: "{}", date: undefined, server };
  });
  return { client, patches: () => asked.filter(({ method }) => method === "PATCH") };
}

test("masters are control-plane, workers bear their pool's name", async () => {
  const { client, patches } = fixed(() => 200);
  await nameRoles(client, plan);
  expect(patches().map(({ path, body }) => [path.split("?")[0], JSON.parse(body!).metadata.labels])).toEqual([
    ["/api/v1/nodes/m1", { "node-role.kubernetes.io/control-plane": "" }],
    ["/api/v1/nodes/w1", { "node-role.kubernetes.io/edge": "" }],
  ]);
});

test("a node that is not there yet is passed over; a refusal is an error", async () => {
  await nameRoles(fixed((path) => (path.includes("w1") ? 404 : 200)).client, plan);
  await expect(nameRoles(fixed(() => 403).client, plan)).rejects.toThrow();
});
