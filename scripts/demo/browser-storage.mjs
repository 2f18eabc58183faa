/**
 * What lies in the page's IndexedDB, read and changed behind the library's back.
 *
 * @param {import('@playwright/test').Page} page
 */
export function browserStorage(page) {
  return {
    /** Sealed reports that wait to be sent. */
    async pendingReports() {
      const waiting = await page.evaluate(readAll, ['nearside-reports', 'r/']);
      return waiting.map(({ report }) => report);
    },

    /** Runs counted in those. */
    async pendingRuns() {
      const reports = await this.pendingReports();
      return reports.reduce((runs, report) => runs + report.health.ok, 0);
    },

    /** Flips one bit in the middle of a stored chunk. */
    async flipByte(sha256) {
      await page.evaluate(flip, `c/${sha256}`);
    },

    /** Whether a stored chunk hashes to its name. */
    async isIntact(sha256) {
      return (await page.evaluate(hash, `c/${sha256}`)) === sha256;
    },
  };
}

// The functions below run in the page.

function readAll([database, prefix]) {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(database);
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const objects = opening.result.transaction('nearside').objectStore('nearside');
      const reading = objects.getAll(IDBKeyRange.bound(prefix, `${prefix}\uffff`));
      reading.onsuccess = () => {
        opening.result.close();
        resolve(reading.result);
      };
      reading.onerror = () => reject(reading.error);
    };
  });
}

async function flip(key) {
  const database = await new Promise((resolve, reject) => {
    const opening = indexedDB.open('nearside-models');
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
  });
  const settle = (request) =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  const objects = (mode) => database.transaction('nearside', mode).objectStore('nearside');
  const bytes = new Uint8Array(
    await new Response(await settle(objects('readonly').get(key))).arrayBuffer(),
  );
  bytes[bytes.length >> 1] ^= 1;
  await settle(objects('readwrite').put(new Blob([bytes]), key));
  database.close();
}

async function hash(key) {
  const database = await new Promise((resolve, reject) => {
    const opening = indexedDB.open('nearside-models');
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error);
  });
  const value = await new Promise((resolve, reject) => {
    const reading = database.transaction('nearside').objectStore('nearside').get(key);
    reading.onsuccess = () => resolve(reading.result);
    reading.onerror = () => reject(reading.error);
  });
  database.close();
  const digest = await crypto.subtle.digest('SHA-256', await new Response(value).arrayBuffer());
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
