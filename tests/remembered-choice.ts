import type { Page } from '@playwright/test';

/** What a device remembers of the backends of digits, as it lies in the store. */
export interface RememberedChoice {
  /** Version, library, browser and isolation, separated by spaces. */
  readonly circumstances: string;
  readonly adapter: string | undefined;
  readonly start: object | undefined;
  readonly measured: readonly object[];
  readonly quarantined: readonly object[];
}

export const ONNX = { backend: 'onnx-wasm', variant: 'int8' };
export const TFJS = { backend: 'tfjs-wasm', variant: 'uint8' };

export function readChoice(page: Page): Promise<RememberedChoice> {
  return page.evaluate(exchangeRecord, undefined);
}

/** Writes what another visit might have left. */
export async function changeChoice(
  page: Page,
  change: (record: RememberedChoice) => RememberedChoice,
): Promise<void> {
  await page.evaluate(exchangeRecord, change(await readChoice(page)));
}

/** As if TensorFlow.js had won. */
export function pretendTfjsWon(record: RememberedChoice): RememberedChoice {
  const measured = [
    { ...TFJS, p50Ms: 0.001 },
    { ...ONNX, p50Ms: 9 },
  ];
  return { ...record, start: TFJS, measured };
}

/** In the page. @returns what was there */
async function exchangeRecord(replacement: RememberedChoice | undefined) {
  const database = await new Promise<IDBDatabase>((resolve) => {
    indexedDB.open('nearside-models').onsuccess = ({ target }) =>
      resolve((target as IDBOpenDBRequest).result);
  });
  const transaction = database.transaction('nearside', 'readwrite');
  const store = transaction.objectStore('nearside');
  let record: unknown;
  store.openCursor().onsuccess = ({ target }) => {
    const cursor = (target as IDBRequest<IDBCursorWithValue | null>).result;
    if (!cursor) return;
    if (!String(cursor.key).endsWith('/b/digits')) return cursor.continue();
    record = cursor.value;
    if (replacement) cursor.update(replacement);
  };
  await new Promise<void>((resolve) => {
    transaction.oncomplete = () => resolve();
  });
  database.close();
  return record as RememberedChoice;
}
