// Landfall's boot service and real Matchbox, each with the same rack in a folder of its own.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { type Matchbox, startLandfallBoot, startMatchbox } from "../../support/matchbox.ts";
import { peerTools } from "../../support/tools.ts";
import { macOf, writeRack } from "./rack.ts";

export async function withPeers(
  machines: number,
  body: (peers: { readonly landfall: Matchbox; readonly matchbox: Matchbox }) => Promise<void>,
): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "landfall-bench-"));
  const running: Matchbox[] = [];
  try {
    for (const name of ["landfall", "matchbox"]) writeRack(join(folder, name, "matchbox"), machines);
    const landfall = await startLandfallBoot(join(folder, "landfall"));
    running.push(landfall);
    const matchbox = await startMatchbox((await peerTools()).matchbox, join(folder, "matchbox"));
    running.push(matchbox);
    for (const { http } of running) await serving(`${http}/ipxe?mac=${macOf(0)}`);
    await body({ landfall, matchbox });
  } finally {
    for (const peer of running) await peer.stop();
    rmSync(folder, { recursive: true });
  }
}

/** Landfall answers 503 until it has read its store. */
async function serving(url: string): Promise<void> {
  for (;;) {
    const { ok, body } = await fetch(url);
    await body?.cancel();
    if (ok) return;
    await setTimeout(50);
  }
}
