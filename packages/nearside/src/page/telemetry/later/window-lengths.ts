import type { Store } from '@nearside/core';

/** Of a version that is new to a device so many windows are short, ms: whether it works is known soon. */
const SHORT_WINDOWS = 5;
const SHORT_MS = 60_000;
/** Of every other window, ms. */
export const WINDOW_MS = 300_000;

/** How long the windows of a version are, on a device. */
export interface WindowLengths {
  /** The next one, ms. */
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
