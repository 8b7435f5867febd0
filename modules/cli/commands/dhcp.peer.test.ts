// What `landfall dhcp` prints, as dnsmasq serves it to real clients on a wire of their own: machines of the site as their
// firmware asks, as iPXE asks, strangers, and whoever looks for a router.
import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, expect, test } from "vitest";
import { exampleSite } from "../example-site.ts";

const execute = promisify(execFile);
const program = join(import.meta.dirname, "../landfall.mjs");
const boot = "http://10.77.0.3:8080/boot.ipxe";
/** What the computer with dnsmasq has in the machines' network. */
const own = "10.77.0.1";

let root: string;
let processes: ChildProcess[];
let server: number;
let client: number;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "landfall-dhcp-"));
  for (const folder of ["clusters", "tftp"]) mkdirSync(join(root, folder));
  writeFileSync(join(root, "cdktf.json"), "{}");
  writeFileSync(join(root, "clusters/site.yaml"), exampleSite(["m1", "m2"]));
  for (const name of ["undionly.kpxe", "snponly.efi"])
    writeFileSync(join(root, "tftp", name), `this is ${name}`);
  // Prints what it was given, and nothing else of its environment.
  writeFileSync(
    join(root, "given"),
    '#!/bin/sh\n[ "$1" != bound ] || echo "given $ip|$siaddr|$boot_file|$router|$dns|"\n',
  );
  chmodSync(join(root, "given"), 0o755);
  processes = [];
  [server, client] = [await network(), await network()];
  ip(server, `link add server type veth peer name eth0 netns ${client}`);
  for (const line of [`addr add ${own}/24 dev server`, "addr add fd00:77::1/64 dev server nodad"])
    ip(server, line);
  ip(server, "link set server up");
});
afterEach(() => {
  for (const child of processes) child.kill("SIGKILL");
  rmSync(root, { recursive: true, force: true });
});

// Addresses count at once, without a second in which the kernel looks for another one like it.
const quick = "ip link set lo up; echo 0 >/proc/sys/net/ipv6/conf/default/accept_dad";
/** A network namespace that is gone with its process. */
async function network(): Promise<number> {
  const child = spawn("unshare", ["--net", "sh", "-c", `${quick}; echo made; exec sleep 600`]);
  processes.push(child);
  await once(child.stdout, "data");
  return child.pid!;
}
const within = (process: number) => [`--net=/proc/${process}/ns/net`];
function ip(process: number, line: string): void {
  execFileSync("nsenter", [...within(process), "ip", ...line.split(" ")]);
}

/** dnsmasq with what the command prints; returns what it has logged so far. */
async function serve(...flags: string[]): Promise<() => string> {
  const { stdout } = await execute(
    process.execPath,
    [program, "dhcp", "rack", "--interface", "server", "--tftp", join(root, "tftp"), ...flags],
    { cwd: root },
  );
  const config = join(root, "landfall.conf");
  writeFileSync(config, stdout);
  const options = ["--keep-in-foreground", "--user=root", "--pid-file", "--log-facility=-", "--log-dhcp"];
  const child = spawn("nsenter", [
    ...[...within(server), "/usr/sbin/dnsmasq", ...options],
    ...[`--conf-file=${config}`, `--dhcp-leasefile=${join(root, "leases")}`],
  ]);
  processes.push(child);
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    log += text;
  });
  await expect.poll(() => log, { timeout: 10_000 }).toContain("TFTP root is");
  return () => log;
}

interface Given {
  readonly address: string;
  readonly server: string;
  readonly file: string;
  readonly router: string;
  readonly dns: string;
}

/** busybox' DHCP client on the machine's interface; undefined: nobody offered anything. */
async function ask(mac: string, ...options: string[]): Promise<Given | undefined> {
  for (const line of ["down", `address ${mac}`, "up"]) ip(client, `link set eth0 ${line}`);
  const flags = ["-i", "eth0", "-f", "-n", "-q", "-t", "3", "-T", "1", "-s", join(root, "given")];
  const asked = ["busybox", "udhcpc", ...flags, ...options];
  const { stdout } = await execute("nsenter", [...within(client), ...asked]).catch(() => ({ stdout: "" }));
  const given = /^given (.*)\|(.*)\|(.*)\|(.*)\|(.*)\|$/m.exec(stdout);
  if (given === null) return undefined;
  const [, address = "", at = "", file = "", router = "", dns = ""] = given;
  return { address, server: at, file, router, dns };
}
/** As PXE asks: option 93 and the class. */
const pxe = (architecture: string) => [
  "-x",
  `0x5d:${architecture}`,
  "-V",
  `PXEClient:Arch:0${architecture}:UNDI:003016`,
];
/** As iPXE asks: option 175, and `iPXE` in option 77. */
const ipxe = ["-x", "0x4d:69505845", "-x", "0xaf:b105010000"];

async function fetched(file: string): Promise<string> {
  const to = join(root, "fetched");
  await execute("nsenter", [...within(client), "busybox", "tftp", "-g", "-l", to, "-r", file, own]);
  return readFileSync(to, "utf8");
}

const m1 = "52:54:00:77:00:10";
const m2 = "52:54:00:77:00:11";

test("the network's only server: a machine gets its address, and what its firmware can start", async () => {
  await serve();
  const at = { server: own, router: "", dns: "" };
  const bios = await ask(m1, ...pxe("0000"));
  expect(bios).toEqual({ ...at, address: "10.77.0.10", file: "undionly.kpxe" });
  ip(client, "addr add 10.77.0.10/24 dev eth0");
  expect(await fetched("undionly.kpxe")).toBe("this is undionly.kpxe");
  expect(await fetched("snponly.efi")).toBe("this is snponly.efi");
  for (const architecture of ["0007", "0009"])
    expect(await ask(m2, ...pxe(architecture))).toEqual({
      ...at,
      address: "10.77.0.11",
      file: "snponly.efi",
    });
  for (const architecture of ["0000", "0007", "0009"])
    expect(await ask(m1, ...pxe(architecture), ...ipxe)).toMatchObject({ address: "10.77.0.10", file: boot });
  expect(await ask("52:54:00:77:00:99", ...pxe("0007"))).toBeUndefined();
});

test("whoever looks for a router is answered at once, by one that is none", async () => {
  await serve();
  ip(client, "link set eth0 up");
  // Twice: dnsmasq also advertises by itself, but not that often.
  for (let times = 0; times < 2; times++) expect(await solicit()).toEqual({ lifetime: 0, source: "link" });
});

test("but not on an interface without an IPv6 prefix, which is said", async () => {
  ip(server, "addr del fd00:77::1/64 dev server");
  await serve();
  ip(client, "link set eth0 up");
  expect(await solicit()).toBeUndefined();
  const said = /^# Sent only where server has an IPv6 prefix.*: ip (address add .* dev server)$/m;
  ip(server, said.exec(readFileSync(join(root, "landfall.conf"), "utf8"))![1]!);
  await expect.poll(solicit, { timeout: 30_000 }).toEqual({ lifetime: 0, source: "link" });
});

test("without router advertisements nobody is answered", async () => {
  const log = await serve("--no-router-advertisements");
  ip(client, "link set eth0 up");
  expect(await solicit()).toBeUndefined();
  expect(log()).not.toContain("router advertisement");
});

/** Asks all routers, as iPXE does; waits for three seconds. */
async function solicit(): Promise<{ lifetime: number; source: string } | undefined> {
  const { stdout } = await execute("nsenter", [...within(client), "/usr/bin/python3", "-c", solicitation]);
  return JSON.parse(stdout) ?? undefined;
}

const solicitation = `
import json, socket, struct, sys, time
index = socket.if_nametoindex("eth0")
router = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
router.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
router.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
router.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP,
                  socket.inet_pton(socket.AF_INET6, "ff02::1") + struct.pack("@I", index))
for attempt in range(100):
    # The interface's own address is tried out first.
    try:
        router.sendto(struct.pack("!BBHI", 133, 0, 0, 0), ("ff02::2", 0, 0, index))
        break
    except OSError:
        time.sleep(0.1)
router.settimeout(3)
try:
    while True:
        packet, address = router.recvfrom(2048)
        if packet[0] == 134:
            source = "link" if address[0].startswith("fe80:") else address[0]
            print(json.dumps({"lifetime": struct.unpack("!H", packet[6:8])[0], "source": source}))
            sys.exit()
except socket.timeout:
    print("null")
`;
