// Rules within one site, its networks' ranges apart.
import { formatAddress } from "../cidr.ts";
import type { Path } from "../document.ts";
import { defaults } from "../schema.ts";
import { didYouMean } from "../suggest.ts";
import { exactlyOne } from "./exactly-one.ts";
import type { SiteFacts } from "./facts.ts";
import { checkLabels } from "./labels.ts";
import { checkMachineAddresses, checkNetworks } from "./networks.ts";
import { checkPlaceholders } from "./placeholders.ts";
import { reportRepeats } from "./repeats.ts";
import type { Report, SiteFile } from "./types.ts";

export function checkSite(facts: SiteFacts, report: Report): void {
  checkNetworks(facts, report);
  checkBoot(facts.file, report);
  checkMachines(facts, report);
  checkMachineAddresses(facts, report);
  checkLab(facts, report);
}

function checkBoot(file: SiteFile, report: Report): void {
  const { boot, access } = file.partial;
  for (const key of ["http", "assetsUrl", "page"] as const) {
    const written = boot?.[key];
    if (written !== undefined) checkOrigin(file, ["boot", key], written, report);
  }
  if (access?.proxy !== undefined) checkOrigin(file, ["access", "proxy"], access.proxy, report);
  if (boot?.rpc !== undefined && !isHostAndPort(boot.rpc)) {
    const found = `found ${JSON.stringify(boot.rpc)}`;
    report(file, ["boot", "rpc"], `${found}, expected HOST:PORT without a scheme, as 10.20.0.1:8081`);
  }
}

/** Paths are appended to it, so it must have none of its own. */
function checkOrigin(file: SiteFile, path: Path, url: string, report: Report): void {
  const { username, password, pathname, search, hash, protocol, host } = new URL(url);
  if (username !== "" || password !== "") reportPassword(file, path, report);
  else if (pathname !== "/" || search !== "" || hash !== "") {
    report(file, path, `found ${JSON.stringify(url)}, expected ${protocol}//${host} alone`);
  }
}

function reportPassword(file: SiteFile, path: Path, report: Report): void {
  // The message does not repeat what it found: it may end up in a log.
  report(file, path, "found a user or password in a URL, expected none: this file is no place for secrets");
}

function isHostAndPort(text: string): boolean {
  const port = /^(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):([1-9]\d{0,4})$/.exec(text)?.[1];
  return port !== undefined && Number(port) <= 65535;
}

function checkMachines({ file, machines }: SiteFacts, report: Report): void {
  const written = file.partial.machines ?? [];
  const occurrence = (key: "name" | "mac" | "address", of: (index: number) => string | undefined) =>
    machines.map(({ index }) => ({
      file,
      path: ["machines", index, key],
      key: of(index),
      shown: `the ${key === "mac" ? "MAC" : key} ${written[index]?.[key]}`,
    }));
  reportRepeats(
    occurrence("name", (index) => written[index]?.name),
    "a name of its own for each machine",
    report,
  );
  reportRepeats(
    occurrence("mac", (index) => written[index]?.mac?.toLowerCase().replaceAll("-", ":")),
    "a MAC of its own for each machine",
    report,
  );
  reportRepeats(
    occurrence("address", (index) => {
      const { address } = machines[index]!;
      return address === undefined ? undefined : formatAddress(address);
    }),
    "an address of its own for each machine",
    report,
  );
  reportRepeats(
    machines.map(({ index }) => {
      const { key, at } = identity(written[index]?.bmc);
      return {
        file,
        path: ["machines", index, "bmc", at],
        key,
        shown: `the BMC ${key}`,
      };
    }),
    "a BMC of its own for each machine: another machine's power would be cut",
    report,
  );
  written.forEach((machine, index) => {
    const path = ["machines", index];
    if (machine?.mac !== undefined) checkMac(file, [...path, "mac"], machine.mac, report);
    checkLabels(file, [...path, "labels"], machine?.labels, report);
    checkBmc(file, [...path, "bmc"], machine?.bmc, report);
  });
}

/** What tells one BMC from another, and the key that says so; undefined where a machine has none. */
function identity(bmc: WrittenBmc): { readonly key: string | undefined; readonly at: string } {
  if (bmc?.driver === "redfish") return { key: withoutUser(bmc.url), at: "url" };
  if (bmc?.driver !== "ipmi" || bmc.host === undefined) return { key: undefined, at: "driver" };
  return { key: `${bmc.host.toLowerCase()}, port ${bmc.port ?? defaults.ipmiPort}`, at: "host" };
}

/** One spelling of a URL, which may be shown. */
function withoutUser(url: string | undefined): string | undefined {
  if (url === undefined) return undefined;
  const { origin, pathname, search } = new URL(url);
  return `${origin}${pathname}${search}`.replace(/\/$/, "");
}

function checkMac(file: SiteFile, path: Path, mac: string, report: Report): void {
  const first = Number.parseInt(mac.slice(0, 2), 16);
  if (first % 2 === 1) report(file, path, `found ${mac}, a group's address; expected one interface's`);
  else if (!/[1-9a-f]/i.test(mac)) report(file, path, `found ${mac}, expected an interface's address`);
}

type WrittenBmc = NonNullable<NonNullable<SiteFile["partial"]["machines"]>[number]>["bmc"];

/** A wrong driver leaves nothing else to look at: what belongs to it cannot be told. */
function checkBmc(file: SiteFile, path: Path, bmc: WrittenBmc, report: Report): void {
  switch (bmc?.driver) {
    case "redfish": {
      const { url, tls } = bmc;
      if (url !== undefined) {
        const { username, password, protocol } = new URL(url);
        if (username !== "" || password !== "") reportPassword(file, [...path, "url"], report);
        if (tls !== undefined && protocol === "http:")
          report(file, [...path, "tls"], "found with an http:// URL, expected only with https://", "key");
      }
      exactlyOne(file, [...path, "tls"], tls, ["ca", "fingerprint"], report);
      exactlyOne(file, [...path, "credentials"], bmc.credentials, ["file", "env", "command"], report);
      return;
    }
    case "ipmi":
      exactlyOne(file, [...path, "credentials"], bmc.credentials, ["file", "env", "command"], report);
      return;
    case "wol":
      checkPlaceholders(file, [...path, "off"], bmc.off, placeholders, report);
      return;
    case "exec":
      for (const key of ["state", "on", "off", "networkBoot", "nextBoot", "console"] as const)
        checkPlaceholders(file, [...path, key], bmc[key], placeholders, report);
      if (bmc.nextBoot !== undefined && !Object.hasOwn(bmc, "networkBoot"))
        report(file, [...path, "nextBoot"], "found without networkBoot, expected only with it", "key");
      return;
  }
}

const placeholders = ["name", "mac", "address"];

function checkLab({ file, byName, names, complete }: SiteFacts, report: Report): void {
  const machines = file.partial.lab?.machines ?? [];
  reportRepeats(
    machines.map((machine, index) => ({
      file,
      path: ["lab", "machines", index, "name"],
      key: machine?.name,
      shown: `the machine ${machine?.name}`,
    })),
    "each machine once",
    report,
  );
  machines.forEach((machine = {}, index) => {
    const path = ["lab", "machines", index];
    const { name } = machine;
    if (complete && name !== undefined && !byName.has(name) && !names.includes(name)) {
      const hint = didYouMean(name, byName.keys());
      report(
        file,
        [...path, "name"],
        `found the unknown machine ${JSON.stringify(name)}, expected one of this site's${hint}`,
      );
    }
    if (machine.kind === "qemu" || (machine.kind === undefined && Object.hasOwn(machine, "kind"))) return;
    for (const key of ["memory", "firmware"] as const) {
      if (machine[key] === undefined) continue;
      report(file, [...path, key], "found on an nspawn machine, expected only with kind: qemu", "key");
    }
  });
}
