import type { Store } from '@nearside/core';

/** A version that is new to a device has so many short windows, ms: whether it works is known soon. */
const SHORT_WINDOWS = 5;
const SHORT_MS = 60_000;
/** The length of every other window, ms. */
export const WINDOW_MS = 300_000;

/** The lengths of a version's windows on a device. */
export interface WindowLengths {
  /** The length of the next one, ms. */
  readonly nextMs: number;
  /** Counts one that is stored. */
  sealed(): readonly [key: string, sealed: number][];
}

/** @param version undefined before one is known */
export async function readWindowLengths(
  store: Pick<Store, 'get'>,
  { model, version }: { readonly model: string; readonly version?: string | undefined },
): Promise<WindowLengths> {
  const key = `i/windows/${model}/${version}`;
  let sealed = version === undefined ? SHORT_WINDOWS : Number((await store.get(key)) ?? 0);
  return {
    get nextMs() {
      return sealed < SHORT_WINDOWS ? SHORT_MS : WINDOW_MS;
    },
    sealed() {
      if (!(sealed < SHORT_WINDOWS)) return [];
      sealed += 1;
      return [[key, sealed]];
    },
  };
}
