// Against a real listener for magic packets, and real TCP: a machine that is a socket.
import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { WolPlan } from "../plan/index.ts";
import { openPower } from "./index.ts";
import { powerContract } from "./power.contract.ts";
import { freeTcpPort, realDeps, temporaryFolder } from "./testing/world.ts";
import { magicPacket } from "./wol.ts";

const folder = temporaryFolder();
const ends: (() => void)[] = [];
afterAll(() => {
  for (const end of ends) end();
  folder.remove();
});

/** Listens to its interface while it is off, and answers TCP while it is on. One datagram at the least may be lost. */
async function machineOnLoopback() {
  const probePort = await freeTcpPort();
  const mac = "52:54:00:77:00:11";
  const machine = { on: false, networkOnce: true, starts: 0, networkStarts: 0, console: "" };
  // "Off" is silence: nothing else may answer for the machine, and loopback refuses where nobody listens.
  const address = "127.0.0.1";
  const card = createSocket("udp4");
  const system = createServer((visitor) => visitor.destroy());
  card.on("message", (packet) => {
    if (machine.on || !packet.equals(Buffer.from(magicPacket(mac)))) return;
    machine.on = true;
    machine.starts += 1;
    machine.networkStarts += 1;
  });
  card.bind(0, "127.0.0.1");
  await once(card, "listening");
  await once(system.listen(probePort, address), "listening");
  ends.push(
    () => card.close(),
    () => system.close(),
  );
  const fifo = join(folder.path, `off-${probePort}`);
  const bmc: WolPlan = {
    driver: "wol",
    machine: { name: "m1", mac, address },
    broadcast: "127.0.0.1",
    port: card.address().port,
    off: { argv: ["touch", fifo], folder: folder.path },
    probePort,
    patience: 30,
  };
  const deps = realDeps();
  return {
    machine,
    power: openPower(bmc, {
      ...deps,
      answers: async (host, port, signal) => machine.on && deps.answers(host, port, signal),
      runCommand: async (argv, options) => {
        const said = await deps.runCommand(argv, options);
        machine.on = false;
        return said;
      },
    }),
  };
}

powerContract("wol to a socket", { networkBoot: "none", console: false }, machineOnLoopback);

test("an answer is an answer, be it a refusal; silence is none", async () => {
  const { answers } = realDeps();
  expect(await answers("127.0.0.1", await freeTcpPort(), undefined)).toBe(true);
  // Who listens and takes no connection has room for few: the kernel drops what comes after them.
  const listener =
    "import socket, time; s = socket.create_server(('127.0.0.1', 0), backlog=0); print(s.getsockname()[1], flush=True); time.sleep(600)";
  const mute = spawn("/usr/bin/python3", ["-c", listener], { stdio: ["ignore", "pipe", "inherit"] });
  ends.push(() => mute.kill("SIGKILL"));
  const port = Number(String((await once(mute.stdout, "data"))[0]));
  const said = [];
  for (let look = 0; look < 4; look += 1) said.push(await answers("127.0.0.1", port, undefined));
  expect(said.at(-1)).toBe(false);
});

test("a broadcast address is sent to", async () => {
  await expect(
    realDeps().sendPacket(magicPacket("52:54:00:77:00:11"), { address: "127.255.255.255", port: 9 }),
  ).resolves.toBeUndefined();
});

test("a command is run in its folder, with its input, and its failure says what it said", async () => {
  const { runCommand } = realDeps();
  writeFileSync(join(folder.path, "file"), "");
  expect(await runCommand(["sh", "-c", "cat; ls file"], { input: "in\n", folder: folder.path })).toBe(
    "in\nfile\n",
  );
  await expect(runCommand(["sh", "-c", "echo why >&2; exit 3"])).rejects.toThrow("sh ended with 3: why");
  await expect(runCommand(["/nothing/there"])).rejects.toThrow("ENOENT");
});
