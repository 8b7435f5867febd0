// The short form of `npm run soak -- replace`: one replacement, its command killed and a machine's power cut at moments that
// a seed chose.
import { expect, test } from "vitest";
import { replaceRounds } from "../soak/replace.ts";
import { tell } from "./harness/story.ts";

const seed = 282;

test("killed, and a machine without power: one healthy cluster in the end, and no request fails but for the dead machine", async () => {
  const [round] = await replaceRounds(1, seed, (line) => console.log(line));
  tell("a replacement with a kill and a power cut", `${round?.seconds} s`);
  expect(round).toMatchObject({ failed: 0, wrong: 0, replaced: "v1 by v2" });
  expect(round?.kill).not.toBe("none");
  expect(round?.cut).not.toBe("none");
}, 900_000);
