import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { withMemoryFallback } from './fallback-store.js';
import { openFileStore } from './file-store.js';

async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'nearside-store-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

describe('a store of files', () => {
  test('whose place is taken by a file rejects everything with store-unavailable', async () => {
    const file = join(await temporaryDirectory(), 'taken');
    await writeFile(file, 'a file');
    const store = openFileStore(file);
    const code = { code: 'store-unavailable' };
    await expect(store.get('k')).rejects.toMatchObject(code);
    await expect(store.keys('')).rejects.toMatchObject(code);
    await expect(store.commit({ set: new Map([['k', 1]]) })).rejects.toMatchObject(code);
    await expect(store.transact(['k'], () => undefined)).rejects.toMatchObject(code);
  });

  test('whose place is taken is gone around in memory, locks included', async () => {
    const file = join(await temporaryDirectory(), 'taken');
    await writeFile(file, 'a file');
    const store = withMemoryFallback(openFileStore(file));
    expect(await store.exclusive('lock', async () => 'held')).toBe('held');
    await store.commit({ set: new Map([['k', 1]]) });
    expect(await store.get('k')).toBe(1);
    expect(store.degraded?.code).toBe('store-unavailable');
  });

  test('whose directory is removed between two calls goes on, in memory or anew', async () => {
    const directory = join(await temporaryDirectory(), 'store');
    const store = withMemoryFallback(openFileStore(directory));
    await store.commit({ set: new Map([['k', 1]]) });
    await rm(directory, { recursive: true });
    expect(await store.exclusive('lock', async () => 'held')).toBe('held');
    await store.commit({ set: new Map([['k', 2]]) });
    await store.transact(['k'], ([k]) => ({ set: new Map([['k', (k as number) + 1]]) }));
    expect(await store.get('k')).toBe(3);
  });
});
