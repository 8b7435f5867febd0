// A file server in a rack, outside of its machines, and what machines need to mount its folders. The kernel of a lab may have
// no NFS client; sshfs needs none. Its server speaks SFTP by itself, without SSH around it.
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { MachineFile } from "./project.ts";

/** A mount of a machine began or ended. */
export interface Connection {
  readonly id: number;
  /** Address of the machine. */
  readonly machine: string;
  readonly event: "opened" | "closed";
  /** ISO 8601. */
  readonly at: string;
}

export interface FileServer {
  readonly folder: string;
  readonly address: string;
  readonly port: number;
  /** What has been, in order. */
  readonly connections: readonly Connection[];
  stop(): Promise<void>;
}

export const fileServerPort = 2022;

/** Serves `folder` at an address of the namespace. @param name of the network namespace. */
export async function startFileServer(options: {
  readonly namespace: string;
  readonly address: string;
  readonly folder: string;
}): Promise<FileServer> {
  const { namespace, address, folder } = options;
  mkdirSync(folder, { recursive: true });
  const inside = join(import.meta.dirname, "file-server-inside.ts");
  const program = [process.execPath, inside, address, String(fileServerPort)];
  const child = spawn("nsenter", [`--net=/run/netns/${namespace}`, ...program], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const connections: Connection[] = [];
  await new Promise<void>((resolve, reject) => {
    createInterface(child.stdout).on("line", (line) => {
      if (line === "ready") resolve();
      else connections.push(JSON.parse(line) as Connection);
    });
    child.once("error", reject);
    void closed.then(() => reject(new Error("the file server ended")));
  });
  const stop = async () => {
    child.stdin.end();
    await closed;
  };
  return { folder, address, port: fileServerPort, connections, stop };
}

export interface Death {
  /** Address of the machine. */
  readonly machine: string;
  /** ISO 8601. */
  readonly at: string;
}

/**
 * Mounts that were there while another one was, as sentences. What a machine has mounted ends when it loses power, though the
 * server does not hear of it.
 */
export function mountedTwice(connections: readonly Connection[], deaths: readonly Death[] = []): string[] {
  const open = new Map<number, Connection>();
  const found: string[] = [];
  for (const connection of connections) {
    const { id, machine, event, at } = connection;
    if (event === "closed") open.delete(id);
    else {
      for (const other of open.values()) {
        const died = deaths.some(
          (death) => death.machine === other.machine && isWithin(death.at, other.at, at),
        );
        if (died || other.machine === machine) open.delete(other.id);
        else found.push(`${machine} at ${at}, while ${other.machine} has it since ${other.at}`);
      }
      open.set(id, connection);
    }
  }
  return found;
}

function isWithin(at: string, from: string, to: string): boolean {
  return from <= at && at <= to;
}

/** The volume's source in a PersistentVolume. */
export function volumeSource({ address, port, folder }: FileServer): object {
  return { flexVolume: { driver: "landfall.test/sshfs", options: { address, port: String(port), folder } } };
}

/** What a cluster's file puts on machines so that their kubelets mount such volumes: a FlexVolume driver, and Debian's sshfs. */
export function volumeDriver(): MachineFile[] {
  const program = execFileSync("gzip", ["--best", "--no-name", "--stdout", "/usr/bin/sshfs"]);
  return [
    { path: packed, contents: program.toString("base64") },
    {
      path: "/usr/libexec/kubernetes/kubelet-plugins/volume/exec/landfall.test~sshfs/sshfs",
      contents: driver,
      mode: 0o755,
    },
  ];
}

const packed = "/usr/local/share/sshfs.gz.base64";
const driver = `#!/bin/sh
# FlexVolume: init | mount FOLDER OPTIONS | unmount FOLDER
PATH=/usr/sbin:/usr/bin:/sbin:/bin
sshfs=/usr/local/bin/sshfs
answer() { jq -cn --arg status "$1" --arg message "\${2:-}" '{$status, $message}'; }
option() { printf %s "$options" | jq -r ".$1"; }
case \${1:-} in
init)
	echo '{"status":"Success","capabilities":{"attach":false}}'
	exit ;;
mount)
	folder=$2 options=$3
	work() {
		set -e
		[ -x $sshfs ] || { base64 -d ${packed} | gunzip >$sshfs.new; chmod 755 $sshfs.new; mv $sshfs.new $sshfs; }
		mkdir -p "$folder"
		# In a scope of its own it outlives kubelet. Writes are done when they return.
		mountpoint -q "$folder" || systemd-run --quiet --scope --collect -- $sshfs -o "directport=$(option port)" \\
			-o sshfs_sync,allow_other,dir_cache=no "$(option address):$(option folder)" "$folder"
	} ;;
unmount)
	folder=$2
	work() { ! mountpoint -q "$folder" || umount "$folder"; } ;;
*)
	answer "Not supported"
	exit 1 ;;
esac
if said=$( (work) 2>&1 ); then answer Success; else answer Failure "$said"; exit 1; fi
`;
