import { filesOf } from '../device.mjs';

/**
 * Reads an installed version's weights again and again: through the library, and as a bare loop
 * would, which gets the same chunks from the same database and hashes each.
 *
 * @returns {Promise<{ sizeBytes: number, pairs: [nearsideMs: number, bareMs: number][] }>}
 */
export async function measureWarmReads({ installation }, { warmUps, pairs, parallel = 1 }) {
  const version = await installation.open();
  const names = filesOf(version).filter((name) => name.startsWith('onnx/'));
  const chunks = names.flatMap((name) => version.layout.files[name]);
  const database = await openDatabase();
  const contenders = [
    () => installation.readFiles(version, names),
    () => readBare(database, chunks, parallel),
  ];
  for (let i = 0; i < warmUps; i += 1) for (const read of contenders) await read();
  const measured = [];
  for (let i = 0; i < pairs; i += 1) measured.push(await measurePair(contenders));
  database.close();
  return { sizeBytes: chunks.reduce((sum, [, size]) => sum + size, 0), pairs: measured };
}

/** Both once, in an order drawn anew; ms. */
async function measurePair(contenders) {
  const times = [];
  for (const index of Math.random() < 0.5 ? [0, 1] : [1, 0]) {
    const start = performance.now();
    await contenders[index]();
    times[index] = performance.now() - start;
  }
  return times;
}

async function readBare(database, chunks, parallel) {
  const rest = chunks.values();
  await Promise.all(
    Array.from({ length: parallel }, async () => {
      for (const [sha256] of rest) {
        const blob = await get(database, `c/${sha256}`);
        const bytes = await blob.arrayBuffer();
        const digest = toHex(await crypto.subtle.digest('SHA-256', bytes));
        if (digest !== sha256) throw new Error(`expected chunk ${sha256}, got ${digest}`);
      }
    }),
  );
}

function toHex(buffer) {
  return Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function openDatabase() {
  return settled(indexedDB.open('nearside-models'));
}

function get(database, key) {
  return settled(database.transaction('nearside').objectStore('nearside').get(key));
}

function settled(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
