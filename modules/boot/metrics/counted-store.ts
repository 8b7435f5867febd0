import type { BootStore } from "../store/types.ts";

/** The same store; each call that fails is told of. */
export function countedStore(store: BootStore, onError: (error: unknown) => void): BootStore {
  const told = async <T>(call: Promise<T>): Promise<T> => {
    try {
      return await call;
    } catch (error) {
      onError(error);
      throw error;
    }
  };
  return {
    get: (kind, key) => told(store.get(kind, key)),
    list: (kind) => told(store.list(kind)),
    put: (kind, key, bytes, expected) => told(store.put(kind, key, bytes, expected)),
    delete: (kind, key) => told(store.delete(kind, key)),
    watch: (onChange) => store.watch(onChange),
    close: () => store.close(),
  };
}
