import { defineConfig } from "vitest/config";

// "unit": beside the code, no sockets, seconds. "peers": real peers (Ignition's validate, OpenSSL, Matchbox),
// built by set-up. "lab": whole stories in the virtual rack; one file at a time, since a rack fills the machine.
export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["{modules,ignition,stacks}/**/*.test.ts", "test/*.test.ts"],
          exclude: ["**/*.peer.test.ts", "**/node_modules/**"],
          // Property tests on a busy computer.
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: "peers",
          include: ["{modules,ignition,stacks,test}/**/*.peer.test.ts"],
          exclude: ["**/node_modules/**"],
          testTimeout: 120_000,
        },
      },
      {
        test: {
          name: "lab",
          include: ["test/lab/**/*.test.ts"],
          testTimeout: 600_000,
          hookTimeout: 900_000,
          fileParallelism: false,
          retry: 0,
        },
      },
    ],
  },
});
