import { openMemoryStore } from "./memory.ts";
import { storeContract } from "./store.contract.ts";
import type { BootStore } from "./types.ts";

storeContract("memory", async () => {
  const store = openMemoryStore();
  // There is one process that can see it: what is opened twice is the same, and closing it would end both.
  const shared: BootStore = { ...store, close: async () => {} };
  return { open: async () => shared, remove: () => store.close() };
});
