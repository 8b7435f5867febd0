import { expect, test } from "vitest";
import { parseTsigKey } from "./tsig.ts";

const key = { algorithm: "hmac-sha256", name: "cutover", secret: "aHVudGVyMg==" };

test.each([
  'key "cutover" {\n\talgorithm hmac-sha256;\n\tsecret "aHVudGVyMg==";\n};\n',
  "# by hand\nkey cutover { secret aHVudGVyMg==; algorithm HMAC-SHA256; }; // end",
  "hmac-sha256:cutover:aHVudGVyMg==\n",
])("%j is a key", (text) => {
  expect(parseTsigKey(text)).toEqual(key);
});

test.each([
  "",
  "aHVudGVyMg==",
  "hmac-sha256:cutover",
  "hmac-sha256:cutover:aHVudGVyMg==:more\nsend",
  "rot13:cutover:aHVudGVyMg==",
  "hmac-sha256:cut over:aHVudGVyMg==",
  "hmac-sha256:cutover:aHVu\nsend\n",
  'key "cutover\nsend" { algorithm hmac-sha256; secret "aHVudGVyMg=="; };',
  'key "cutover" { algorithm hmac-sha256; };',
  'key "cutover" { algorithm hmac-sha256; secret "aHVu;dGVy"; };',
])("%j is none", (text) => {
  expect(parseTsigKey(text)).toBeUndefined();
});
