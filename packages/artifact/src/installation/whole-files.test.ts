import type { Store } from '@nearside/core';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { VerifiedFile } from '../chunked-file.js';
import { freeBytes } from '../free-bytes.js';
import { createMemoryStore } from '../stores/memory-store.js';
import { openBrowserDevice, serveInPlace } from '../testing/browser-device.js';
import { type LayoutFiles, signRepository, WEIGHTS } from '../testing/sign-repository.js';
import type { OpenedRelease } from './opened-release.js';

const network = globalThis.fetch;
afterEach(() => {
  globalThis.fetch = network;
  vi.restoreAllMocks();
});

const CHUNKS = [
  crypto.getRandomValues(new Uint8Array(5000)),
  crypto.getRandomValues(new Uint8Array(3000)),
];

/** The weights of `specOf` may take a million bytes of memory. */
async function published(changeLayout?: (files: LayoutFiles) => void) {
  const { pin, generations } = await signRepository([CHUNKS], { changeLayout });
  const { requests } = serveInPlace(generations.at(-1) ?? new Map());
  const deviceOf = (store: Store) => openBrowserDevice({ pin, store });
  return { deviceOf, requests, pin };
}

/** How often something of this length is hashed while `act` runs. */
async function hashedTimes(sizeBytes: number, act: () => Promise<unknown>): Promise<number> {
  const digest = vi.spyOn(crypto.subtle, 'digest');
  await act();
  const sizes = digest.mock.calls.map(([, bytes]) => bytes.byteLength);
  digest.mockRestore();
  return sizes.filter((size) => size === sizeBytes).length;
}

async function weightsOf(
  device: ReturnType<typeof openBrowserDevice>,
  version: OpenedRelease,
  { isKept = true } = {},
): Promise<VerifiedFile> {
  const unkept = isKept ? [] : [WEIGHTS];
  return (await device.readFiles(version, [WEIGHTS], { unkept })).get(WEIGHTS) as VerifiedFile;
}

/** Changes the stored chunk of this length. */
async function damage(store: Store, sizeBytes: number): Promise<void> {
  for (const key of await store.keys('c/')) {
    const { byteLength } = (await store.get(key)) as ArrayBuffer;
    if (byteLength === sizeBytes) {
      await store.commit({ set: new Map([[key, new ArrayBuffer(byteLength)]]) });
    }
  }
}

async function recordOf(store: Store) {
  const [key = ''] = (await store.keys('')).filter((name) => name.includes('/v/tiny/'));
  return { key, record: (await store.get(key)) as Record<string, unknown> };
}

describe('a file of several chunks', () => {
  test('is refused where the chunks of the layout make another file than the bundle signs', async () => {
    const { deviceOf } = await published((files) => files[WEIGHTS]?.reverse());
    await expect(deviceOf(createMemoryStore()).install()).rejects.toMatchObject({
      code: 'bundle-mismatch',
      details: { file: WEIGHTS },
    });
  });

  test('is refused where the layout has no chunk of it', async () => {
    const { deviceOf } = await published((files) => {
      files[WEIGHTS] = [];
    });
    const installing = deviceOf(createMemoryStore()).install();
    await expect(installing).rejects.toMatchObject({ code: 'bundle-mismatch' });
  });

  test('that is not there is named, before any of it is fetched', async () => {
    const { deviceOf, requests } = await published((files) => {
      delete files[WEIGHTS];
    });
    const installing = deviceOf(createMemoryStore()).install();
    await expect(installing).rejects.toMatchObject({
      code: 'bundle-mismatch',
      details: { file: WEIGHTS },
    });
    expect(requests.filter((path) => path.startsWith('chunks/'))).toHaveLength(3);
  });

  test('is hashed as a whole when it is first read, and by chunks in every later load', async () => {
    const { deviceOf } = await published();
    const store = createMemoryStore();
    expect(await hashedTimes(8000, () => deviceOf(store).install())).toBe(1);
    expect(await hashedTimes(8000, () => deviceOf(store).install())).toBe(0);
    expect(await hashedTimes(5000, () => deviceOf(store).install())).toBe(1);
  });

  test('gives each chunk away once, and reads it anew after that', async () => {
    const { deviceOf, requests } = await published();
    const store = createMemoryStore();
    const device = deviceOf(store);
    const file = await weightsOf(device, await device.install());
    const asked = requests.length;
    for (const index of [1, 0, 1, 1]) {
      const chunk = await file.read(index);
      expect(chunk).toEqual(CHUNKS[index]);
      freeBytes([chunk]);
    }
    expect(file.chunkBytes).toEqual([5000, 3000]);
    expect(requests).toHaveLength(asked);
  });

  test('that is read later is on the device, right as a whole, and hashed again when it is read', async () => {
    const { deviceOf, requests } = await published();
    const store = createMemoryStore();
    const device = deviceOf(store);
    const version = await device.open();
    expect(await hashedTimes(8000, () => weightsOf(device, version, { isKept: false }))).toBe(1);
    const asked = requests.length;
    const file = await weightsOf(device, version, { isKept: false });
    expect(await hashedTimes(5000, () => file.read(0))).toBe(1);
    expect(requests).toHaveLength(asked);
    await damage(store, 3000);
    expect(await file.read(1)).toEqual(CHUNKS[1]);
    expect(requests).toHaveLength(asked + 1);
    await damage(store, 3000);
    globalThis.fetch = async () => new Response('', { status: 404 });
    await expect(file.read(1)).rejects.toMatchObject({ code: 'digest-mismatch' });
  });

  test('that an older library has installed is hashed as a whole once more, and then no more', async () => {
    const { deviceOf } = await published();
    const store = createMemoryStore();
    await deviceOf(store).install();
    const { key, record } = await recordOf(store);
    const { whole, ...older } = record;
    expect(whole).toBeDefined();
    await store.commit({ set: new Map([[key, older]]) });
    expect(await hashedTimes(8000, () => deviceOf(store).install())).toBe(1);
    expect(await hashedTimes(8000, () => deviceOf(store).install())).toBe(0);
  });

  test('is hashed as a whole again where what is remembered is of another bundle, or is none', async () => {
    const { deviceOf } = await published();
    const store = createMemoryStore();
    await deviceOf(store).install();
    const { key, record } = await recordOf(store);
    const other = { ...(record.whole as object), manifestSha256: 'a'.repeat(64) };
    for (const whole of [other, null, 7, { names: [WEIGHTS] }, { ...other, names: 7 }]) {
      await store.commit({ set: new Map([[key, { ...record, whole }]]) });
      expect(await hashedTimes(8000, () => deviceOf(store).install())).toBe(1);
    }
  });
});

describe('a layout', () => {
  test('that repeats a chunk past the memory that the model takes is refused before weights are fetched', async () => {
    const { deviceOf, requests } = await published((files) => {
      const [first = ['', 0]] = files[WEIGHTS] ?? [];
      files[WEIGHTS] = Array(300).fill(first);
    });
    await expect(deviceOf(createMemoryStore()).open()).rejects.toMatchObject({
      code: 'bundle-mismatch',
      message: expect.stringContaining('limits.memoryBytes'),
    });
    expect(requests.filter((path) => path.startsWith('chunks/'))).toHaveLength(3);
  });

  test('that makes model.json or golden.json of more than a description may take is refused before it is fetched', async () => {
    for (const name of ['model.json', 'golden.json']) {
      const { deviceOf, requests } = await published((files) => {
        files[name] = Array(17).fill(['a'.repeat(64), 4 * 1024 * 1024]);
      });
      const opening = deviceOf(createMemoryStore()).open();
      await expect(opening).rejects.toMatchObject({ code: 'metadata-too-large' });
      expect(requests.filter((path) => path.endsWith('a'.repeat(64)))).toEqual([]);
    }
  });

  test('that gives a chunk another size than it has is refused', async () => {
    for (const sizeBytes of [1, 4999, 5001, 4 * 1024 * 1024]) {
      const { deviceOf } = await published((files) => {
        (files[WEIGHTS]?.[0] ?? [])[1] = sizeBytes;
      });
      const installing = deviceOf(createMemoryStore()).install();
      await expect(installing).rejects.toMatchObject({ code: 'size-mismatch' });
    }
  });
});
