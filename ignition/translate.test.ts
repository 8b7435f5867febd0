import { expect, it } from "vitest";
import { translate } from "./index.ts";

const nothing = `"kernelArguments":{},"passwd":{},"storage":{},"systemd":{}}`;
const head = `{"ignition":{"config":{"replace":{"verification":{}}},"proxy":{},"security":{"tls":{}},"timeouts":{},"version":"3.4.0"},`;

it("brings a config to 3.4.0, with the keys in the order of Ignition's Go types", () => {
  expect(translate('{"ignition":{"version":"3.0.0"}}')).toBe(head + nothing);
  const user = { name: "core", shell: "/bin/sh", sshAuthorizedKeys: ["a&b"], unknown: 1 };
  expect(translate(JSON.stringify({ passwd: { users: [user] }, ignition: { version: "3.4.0" } }))).toBe(
    `${head}"kernelArguments":{},"passwd":{"users":[{"name":"core","sshAuthorizedKeys":["a\\u0026b"],"shell":"/bin/sh"}]},"storage":{},"systemd":{}}`,
  );
});

it("drops the special mode bits that versions before 3.4.0 never set", () => {
  const config = (version: string) =>
    JSON.stringify({ ignition: { version }, storage: { files: [{ path: "/a", mode: 0o4755 }] } });
  expect(translate(config("3.3.0"))).toContain(`"mode":${0o755}}`);
  expect(translate(config("3.4.0"))).toContain(`"mode":${0o4755}}`);
});

it.each(["", "{", '{"ignition":{"version":"3.5.0"}}', '{"ignition":{"version":"2.3.0"}}', "null"])(
  "knows nothing of %j",
  (config) => {
    expect(translate(config)).toBeUndefined();
  },
);
