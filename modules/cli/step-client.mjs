// `landfall step` below `landfall deploy`: hands the step to the deploy's own process, which has everything loaded.
// Plain JavaScript and two imports, since it is started for every step. See step-server.ts.
import { connect } from "node:net";
import { createInterface } from "node:readline";

/** Resolves to the exit code, or to undefined if nobody answers: then the step is done here. */
export async function handOver(path, [step, ...options]) {
  const option = (name) => options[options.indexOf(name) + 1];
  const request = {
    step,
    cluster: option("--cluster"),
    ...(options.includes("--machine") && { machine: option("--machine") }),
    resource: process.env.LANDFALL_RESOURCE,
  };
  const socket = connect(path);
  try {
    await new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
  } catch {
    return undefined;
  }
  socket.on("error", () => {});
  socket.write(`${JSON.stringify(request)}\n`);
  for await (const text of createInterface({ input: socket })) {
    const { line, exit } = JSON.parse(text);
    if (exit !== undefined) return exit;
    process.stdout.write(`${line}\n`);
  }
  console.log("error: the deploy that ran this step has ended");
  return 1;
}
