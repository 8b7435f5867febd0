import { describe, expect, it } from "vitest";
import { landingReport, reportRows, type StageEvent } from "./landing-report.ts";

/** `machine stage seconds` a line. */
function events(text: string): StageEvent[] {
  return text
    .trim()
    .split("\n")
    .map((line) => {
      const [machine = "", stage = "", seconds = "0"] = line.trim().split(" ");
      return { machine, stage, time: new Date(Number(seconds) * 1000).toISOString() };
    });
}

const landing = events(`
  m1 power 100
  w1 power 101
  m1 firmware 100.5
  m1 boot 102
  m1 install 103
  m1 ignition 105
  m1 system 106
  m1 kubelet 108
  m1 etcd 110
  m1 api 113
  m1 ready 120
  w1 firmware 101.5
  w1 boot 103
  w1 install 104
  w1 ignition 105
  w1 system 107
  w1 kubelet 109
  w1 ready 125
`);

describe("the report of a landing", () => {
  it("gives each stage the time until the next, and what the system takes to what it leads to", () => {
    const { machines } = landingReport(landing, ["m1", "w1"]);
    expect(machines[0]?.stages).toEqual({
      power: 0.5,
      firmware: 1.5,
      boot: 1,
      install: 2,
      ignition: 1,
      kubelet: 2,
      etcd: 2,
      api: 3,
      ready: 7,
    });
    expect(machines[1]?.stages).toMatchObject({ kubelet: 2, ready: 16 });
  });

  it("counts every machine from the first one's power", () => {
    expect(landingReport(landing, ["m1", "w1"]).machines.map(({ ready }) => ready)).toEqual([20, 25]);
  });

  it("names the machine that was Ready last, and its longest stage", () => {
    expect(landingReport(landing, ["m1", "w1"]).critical).toEqual({
      machine: "w1",
      stage: "ready",
      seconds: 16,
    });
  });

  it("takes a machine's last install, not the starts from disk after it", () => {
    const again = [...landing, ...events("m1 off 200\nm1 power 210\nm1 system 211\nm1 ready 220")];
    expect(landingReport(again, ["m1"])).toEqual(landingReport(landing, ["m1"]));
  });

  it("shows what machines said, those of a release without the stage kubelet among them", () => {
    const older = landing.filter(({ machine, stage }) => machine === "m1" || stage !== "kubelet");
    const rows = reportRows(landingReport(older, ["m1", "w1"]));
    const stages = ["POWER", "FIRMWARE", "BOOT", "INSTALL", "IGNITION", "KUBELET", "ETCD", "API", "READY"];
    expect(rows).toEqual([
      ["MACHINE", ...stages, "READY AFTER"],
      ["m1", "0.5", "1.5", "1.0", "2.0", "1.0", "2.0", "2.0", "3.0", "7.0", "20.0"],
      ["w1", "0.5", "1.5", "1.0", "1.0", "2.0", "-", "-", "-", "18.0", "25.0"],
    ]);
  });

  it("shows a machine that never got ready with what it did", () => {
    const report = landingReport(events("w1 power 0\nw1 firmware 1\nw1 boot 3\nw1 install 4"), ["w1"]);
    expect(report.critical).toBeUndefined();
    expect(reportRows(report)).toEqual([
      ["MACHINE", "POWER", "FIRMWARE", "BOOT", "READY AFTER"],
      ["w1", "1.0", "2.0", "1.0", "-"],
    ]);
  });
});
