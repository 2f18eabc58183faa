import { clearModels } from '@nearside/artifact/clear-models';
import { openStore } from '#platform';
import type { StoreChoice } from '../../shared/api/open-options.js';

export interface StoredToClear {
  /** Undefined is everything: all models, and reports that were not sent yet. */
  readonly model: string | undefined;
  readonly store: StoreChoice;
}

/** @throws NearsideError a store code */
export async function clearStored({ model, store }: StoredToClear): Promise<void> {
  const models = openStore('nearside-models', store);
  try {
    await clearModels(models, model);
  } finally {
    await models.close();
    if (model === undefined) await clearReports(store);
  }
}

async function clearReports(store: StoreChoice): Promise<void> {
  const reports = openStore('nearside-reports', store);
  try {
    await reports.commit({ delete: await reports.keys('') });
  } finally {
    await reports.close();
  }
}
