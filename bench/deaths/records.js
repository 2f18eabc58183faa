/** What the device knows of deaths, as it lies in the store. @returns {Promise<object[]>} */
export async function readDeaths() {
  const found = [];
  await visitRecords((key, cursor) => {
    if (key.includes('/d/')) found.push(...(cursor.value.deaths ?? []));
  });
  return found;
}

/** Leaves the model on the device, and nothing of deaths, choices or marks. */
export function forgetDeaths() {
  return visitRecords((key, cursor) => {
    if (/^[^/]+\/[bdm]\//.test(key)) cursor.delete();
  });
}

/** @param {(key: string, cursor: IDBCursorWithValue) => void} visit */
async function visitRecords(visit) {
  const opening = indexedDB.open('nearside-models');
  await new Promise((resolve, reject) => {
    opening.onsuccess = resolve;
    opening.onerror = () => reject(opening.error);
  });
  const transaction = opening.result.transaction('nearside', 'readwrite');
  transaction.objectStore('nearside').openCursor().onsuccess = ({ target }) => {
    const cursor = target.result;
    if (!cursor) return;
    visit(String(cursor.key), cursor);
    cursor.continue();
  };
  await new Promise((resolve, reject) => {
    transaction.oncomplete = resolve;
    transaction.onabort = () => reject(transaction.error);
  });
  opening.result.close();
}
