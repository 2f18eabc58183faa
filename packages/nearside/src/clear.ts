import { clearModels } from '@nearside/artifact';
import { openStore } from '#platform';
import type { StoreChoice } from './platform/open-store.js';

export interface ClearOptions {
  /** One model by its name, whichever repository it came from. */
  readonly model?: string | undefined;
  /** All models, the install's identity and reports that were not sent yet. */
  readonly everything?: boolean | undefined;
  /** As `open` was given. */
  readonly store?: StoreChoice | undefined;
}

/**
 * Takes models off this device. What is open runs on; the next `open` fetches anew.
 *
 * @throws TypeError unless it is told what to clear; NearsideError a store code
 */
export async function clear({ model, everything, store = 'auto' }: ClearOptions): Promise<void> {
  if ((model === undefined) === (everything !== true)) {
    throw new TypeError('clear: expected { model: name } or { everything: true }');
  }
  const models = openStore('nearside-models', store);
  await clearModels(models, model);
  await models.close();
  if (!everything) return;
  const reports = openStore('nearside-reports', store);
  await reports.commit({ delete: await reports.keys('') });
  await reports.close();
}
