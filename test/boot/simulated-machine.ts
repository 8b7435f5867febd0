// A machine as the boot service sees one: it asks what iPXE and Landfall's installer ask, and reports as that does.
import { setTimeout } from "node:timers/promises";

export interface SimulatedMachine {
  readonly mac: string;
  /** Orders by which its disk was written, one for each attempt. */
  readonly writes: readonly string[];
  /** Order by which its disk was written to the end. */
  readonly installed: string | undefined;
  /**
   * One start from the network. Goes wherever a boot service answers, and ends when the system of its disk runs.
   * @param cutAfter steps of the install after which the power goes.
   */
  start(cutAfter?: number): Promise<"installed" | "local" | "cut" | "refused">;
}

/** @param services as http://127.0.0.1:PORT, of which any will do. */
export function simulatedMachine(
  mac: string,
  services: readonly string[],
  pause: () => number,
): SimulatedMachine {
  const writes: string[] = [];
  let installed: string | undefined;
  const hyphens = mac.replaceAll(":", "-");

  /** As busybox wget in a loop: what is not there, or not ready, may be in a moment. */
  async function ask(
    path: string,
    body?: string,
  ): Promise<{ readonly status: number; readonly text: string }> {
    for (let attempt = 0; ; attempt++) {
      const service = services[attempt % services.length]!;
      try {
        const response = await fetch(`${service}${path}`, {
          ...(body !== undefined && { method: "POST", body }),
          signal: AbortSignal.timeout(5_000),
        });
        const text = await response.text();
        if (response.status < 500) return { status: response.status, text };
      } catch {
        // Refused, reset, or silent.
      }
      if (attempt > 200) throw new Error(`${mac}: nobody answers ${path}`);
      await setTimeout(50);
    }
  }

  return {
    mac,
    writes,
    get installed() {
      return installed;
    },
    async start(cutAfter = Number.POSITIVE_INFINITY) {
      const chain = /^chain (\S+?)\?/m.exec((await ask("/boot.ipxe")).text)?.[1];
      const { text: script } = await ask(`/${chain}?mac=${hyphens}`);
      const order = /landfall\.order=([0-9a-f]{32})/.exec(script)?.[1];
      const report = /landfall\.report=(\S+)/.exec(script)?.[1];
      if (order === undefined || report === undefined) return "local";
      const { pathname, search } = new URL(report);
      const tell = (told: string) => ask(`${pathname}${search}`, `order=${order}&${told}`);
      if ((await ask(`${pathname}${search}&order=${order}`)).status !== 200) return "refused";
      if (installed === order) {
        await tell("result=installed");
        return "installed";
      }
      writes.push(order);
      const steps = [
        () => tell("stage=install&percent=0"),
        () => tell("percent=50"),
        () => ask(`/ignition?mac=${hyphens}`),
        () => ask(`/metadata?mac=${hyphens}`),
        () => tell("stage=ignition"),
      ];
      for (const [number, step] of steps.entries()) {
        if (number >= cutAfter) return "cut";
        const { status } = await step();
        if (status >= 300) return "refused";
        await setTimeout(pause());
      }
      installed = order;
      if (steps.length >= cutAfter) return "cut";
      return (await tell("result=installed&percent=100")).status === 204 ? "installed" : "refused";
    },
  };
}
