import type { Store } from '@nearside/core';
import { collectGarbage } from './collect-garbage.js';
import { MARKS_KEY } from './record-keys.js';
import { nextMarks } from './version-records.js';

/**
 * Removes everything stored of one model, in all repositories, and the chunks that only it used.
 *
 * @param model undefined for everything
 */
export async function clearModels(store: Store, model: string | undefined): Promise<void> {
  const keys = await store.keys('');
  const removed = model === undefined ? keys : keys.filter((key) => isOf(key, model));
  await store.transact([MARKS_KEY], ([marks]) => ({
    set: new Map([[MARKS_KEY, nextMarks(marks)]]),
    delete: removed.filter((key) => key !== MARKS_KEY),
  }));
  await collectGarbage(store, { nowMs: Date.now() });
}

/** Keys are `<pin>/<kind>/<model>`, with more behind it for some kinds: see `record-keys.ts`. */
function isOf(key: string, model: string): boolean {
  const [prefix = '', kind, name] = key.split('/');
  return /^[0-9a-f]{16}$/.test(prefix) && /^[bdfmpv]$/.test(kind ?? '') && name === model;
}
