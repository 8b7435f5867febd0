// Configs good and bad, for all who read or hand on configs.
import { versions } from "../index.ts";
import { handWritten } from "./cases.ts";
import { mutate, random } from "./mutate.ts";
import { ignitionsOwnConfigs } from "./peer.ts";

/** Those written by hand, in every version of the spec; Ignition's own; and mutations of all of them. */
export async function corpus(seed: number, mutations: number): Promise<readonly string[]> {
  const own = (await ignitionsOwnConfigs()).flatMap((text) =>
    text.includes("$version") ? versions.map((version) => text.replaceAll("$version", version)) : [text],
  );
  const hand = handWritten.flatMap(({ text }) =>
    text.includes('"3.4.0"') ? versions.map((version) => text.replaceAll("3.4.0", version)) : [text],
  );
  const all = [...own, ...hand];
  const next = random(seed);
  return [...all, ...Array.from({ length: mutations }, () => mutate(all, versions, next))];
}
