// The daemon's program: `node serve.ts lab.json`. Says "ready", or what does not come up, on its standard output.
import { readFileSync } from "node:fs";
import { LandfallError } from "../spec/index.ts";
import type { LabConfig } from "./config.ts";
import { serveLab } from "./daemon.ts";

const config = JSON.parse(readFileSync(process.argv[2]!, "utf8")) as LabConfig;
try {
  await serveLab(config);
  process.stdout.write(`${JSON.stringify({ ready: true })}\n`);
} catch (error) {
  const known = error instanceof LandfallError;
  const { message, stack } = error as Error;
  const answer = {
    ready: false,
    code: known ? error.code : "lab-failed",
    message,
    details: known ? { ...error.details, cause: undefined } : { found: stack },
  };
  process.stdout.write(`${JSON.stringify(answer)}\n`, () => process.exit(1));
}
