import type * as decoded from "./decoded.ts";
import { extension } from "./path.ts";
import type { Rule } from "./rules.ts";
import { readUnit } from "./unit.ts";

const unitExtensions = [
  ".service",
  ".socket",
  ".device",
  ".mount",
  ".automount",
  ".swap",
  ".target",
  ".path",
  ".timer",
  ".snapshot",
  ".slice",
  ".scope",
];

export const unit: Rule<decoded.Unit> = ({ name = "", contents, enabled }, at, report) => {
  if (!unitExtensions.includes(extension(name)))
    report.error([...at, "name"], "invalid systemd unit extension");
  const file = readUnit(contents ?? "");
  const place = [...at, "contents"];
  if ("error" in file) report.error(place, `invalid unit content: ${file.error}`);
  else if (enabled && contents && !file.sections.includes("Install")) {
    const message = `unit ${JSON.stringify(name)} is enabled, but has no install section so enable does nothing`;
    report.warn(place, message);
  }
};

export const dropin: Rule<decoded.Dropin> = ({ name = "", contents }, at, report) => {
  const file = readUnit(contents ?? "");
  if ("error" in file) report.error([...at, "contents"], `invalid unit content: ${file.error}`);
  if (extension(name) !== ".conf") report.error([...at, "name"], "invalid systemd drop-in extension");
};

/** An enabled instance of a template in the same config needs the template to say where it is installed. */
export const systemd: Rule<decoded.Systemd> = ({ units = [] }, at, report) => {
  const byName = new Map(units.map((one) => [one.name ?? "", one]));
  units.forEach(({ name = "", enabled }, i) => {
    const template = /^(.+?)@.+?\.service$/.exec(name)?.[1];
    const contents = template && enabled ? byName.get(`${template}@.service`)?.contents : undefined;
    if (!contents) return;
    const file = readUnit(contents);
    if ("sections" in file && !file.sections.includes("Install")) {
      const message = `template unit "${template}@.service" for ${JSON.stringify(name)} doesn't have Install section`;
      report.warn([...at, "units", i, "contents"], message);
    }
  });
};

/** A file cannot be where Ignition writes a unit or a drop-in. */
export const config: Rule<decoded.Config> = ({ systemd, storage }, at, report) => {
  const taken = new Set<string>();
  for (const { name = "", contents, dropins = [] } of systemd.units ?? []) {
    const path = `/etc/systemd/system/${name}`;
    if (contents) taken.add(path);
    for (const dropin of dropins) if (dropin.contents) taken.add(`${path}.d/${dropin.name ?? ""}`);
  }
  for (const key of ["files", "directories", "links"] as const) {
    (storage[key] ?? []).forEach(({ path = "" }, i) => {
      if (taken.has(path)) {
        report.error([...at, "storage", key, i, "path"], "path conflicts with systemd unit or dropin");
      }
    });
  }
};
