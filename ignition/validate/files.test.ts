import { expect, it } from "vitest";
import { validateFiles } from "./files.ts";

it("says a line a file, and whether all are well", () => {
  const good = { name: "good.ign", text: '{"ignition":{"version":"3.4.0"}}' };
  const bad = {
    name: "bad.ign",
    text: '{"ignition":{"version":"3.4.0"},\n"storage":{"files":[{"path":"a"},{}]}}',
  };
  const none = { name: "none.ign", text: new Uint8Array() };
  expect(validateFiles([good])).toEqual({ lines: ["good.ign: valid"], valid: true });
  expect(validateFiles([good, bad, none])).toEqual({
    lines: [
      "good.ign: valid",
      "bad.ign: invalid: at $.storage.files.0.path, line 2 col 29: path not absolute (and 1 more)",
      "none.ign: invalid: not a config (empty)",
    ],
    valid: false,
  });
});
