// A person's shell on the rack's machines: OpenSSH's client, started inside of the rack's network.
import { execa } from "execa";
import { inside, labNames } from "../../../modules/lab/index.ts";
import { LandfallError } from "../../../modules/spec/index.ts";

export type Shell = (address: string, script: string, input?: string) => Promise<string>;

/** Runs scripts as root; rejects with all that was said when one fails. Machines are new each time: keys are not compared. */
export function shellOf(site: string, identity: string): Shell {
  return async (address, script, input) => {
    const [program = "", ...args] = inside(labNames(site).switchNamespace, [
      "ssh",
      ...["-i", identity, "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"],
      ...["-o", "LogLevel=ERROR", "-o", "ConnectTimeout=1", "-o", "BatchMode=yes"],
      `root@${address}`,
      script,
    ]);
    const { stdout } = await execa(program, args, input === undefined ? { stdin: "ignore" } : { input });
    return stdout;
  };
}

/** @throws LandfallError `tool-missing` */
export async function requireSsh(): Promise<void> {
  const { failed } = await execa("ssh", ["-V"], { reject: false });
  if (!failed) return;
  throw new LandfallError("tool-missing", "kubeadm is run over SSH, and this computer has no client", {
    expected: "ssh and ssh-keygen on the PATH",
    next: "apt-get install openssh-client",
  });
}

/** A key of its own, in files beside each other. Returns the line for authorized_keys. */
export async function makeKey(identity: string): Promise<string> {
  await execa("ssh-keygen", ["-q", "-t", "ed25519", "-N", "", "-f", identity]);
  const { stdout } = await execa("ssh-keygen", ["-y", "-f", identity]);
  return `${stdout}\n`;
}
