import { createMemoryStore, openStore } from '@nearside/artifact';
import { type ErrorCode, isNearsideError, kindOf } from '@nearside/core';

export type Vector = Float32Array<ArrayBuffer>;

/** So many vectors are read, written or deleted in one transaction: of 512 numbers, 0.5 MiB. */
export const PER_TRANSACTION = 256;

/** Vectors on this device, by `<model>/<version>/<hash>`. After a failure of the store nothing is kept, or found. */
export interface KeptVectors {
  readonly degraded: ErrorCode | undefined;
  read(keys: readonly string[]): Promise<Map<string, Vector>>;
  write(vectors: ReadonlyMap<string, Vector>): Promise<void>;
  /** Deletes those of all other versions. */
  deleteOthers(model: string, version: string): Promise<void>;
  close(): Promise<void>;
}

/** @param isKept else they are forgotten at once */
export function openVectors(isKept: boolean): KeptVectors {
  const store = isKept ? openStore('nearside-vectors') : createMemoryStore();
  let degraded: ErrorCode | undefined;

  async function attempt(operation: () => Promise<void>): Promise<void> {
    if (degraded) return;
    await operation().catch((error: unknown) => {
      if (!isNearsideError(error)) throw error;
      degraded = error.code;
    });
  }

  return {
    get degraded() {
      return degraded;
    },
    async read(keys) {
      const found = new Map<string, Vector>();
      for (const some of inTransactions(keys)) {
        await attempt(() =>
          store.transact(some, (values) => {
            for (const [i, value] of values.entries()) {
              if (kindOf(value) === 'Float32Array') found.set(some[i] as string, value as Vector);
            }
            return undefined;
          }),
        );
      }
      return found;
    },
    write: (vectors) => attempt(() => store.commit({ set: vectors })),
    deleteOthers: (model, version) =>
      attempt(async () => {
        const keys = await store.keys(`${model}/`);
        const others = keys.filter((key) => !key.startsWith(`${model}/${version}/`));
        for (const some of inTransactions(others)) await store.commit({ delete: some });
      }),
    close: () => store.close(),
  };
}

function* inTransactions(keys: readonly string[]): Generator<readonly string[], void, void> {
  for (let i = 0; i < keys.length; i += PER_TRANSACTION) yield keys.slice(i, i + PER_TRANSACTION);
}
