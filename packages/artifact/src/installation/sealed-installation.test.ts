import type { Store } from '@nearside/core';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { joinChunks, type VerifiedFile } from '../chunked-file.js';
import { integrityOf, sequenceOfSeal } from '../integrity.js';
import { createMemoryStore } from '../stores/memory-store.js';
import {
  openBrowserDevice,
  openSealedDevice,
  REPOSITORY,
  serveInPlace,
} from '../testing/browser-device.js';
import { sealFolder } from '../testing/seal-folder.js';
import { signRepository, WEIGHTS } from '../testing/sign-repository.js';

type Bytes = Uint8Array<ArrayBuffer>;

const network = globalThis.fetch;
afterEach(() => {
  globalThis.fetch = network;
  vi.restoreAllMocks();
});

const random = (sizeBytes: number): Bytes => crypto.getRandomValues(new Uint8Array(sizeBytes));
const CHUNKS = [random(500), random(300)];
const WHOLE = new Uint8Array(CHUNKS.flatMap((chunk) => [...chunk]));

const FOLDER = await sealFolder([CHUNKS]);
const [SEAL = ''] = FOLDER.seals;
const FILES = FOLDER.generations.at(-1) ?? new Map<string, Bytes>();
const SEAL_FILE = `tiny/seals/${SEAL}.json`;

function offline(): void {
  globalThis.fetch = async () => {
    throw new TypeError('no network');
  };
}

async function weightsOf(device: Awaited<ReturnType<typeof openSealedDevice>>) {
  const version = await device.install();
  const files = await device.readFiles(version, [WEIGHTS]);
  return joinChunks(files.get(WEIGHTS) as VerifiedFile);
}

describe('a sealed version', () => {
  test('comes with one request before its weights, of which each chunk is one more', async () => {
    const { requests } = serveInPlace(FILES);
    const device = await openSealedDevice({ sealSha256: SEAL, store: createMemoryStore() });
    const version = await device.open();
    expect(requests).toEqual([SEAL_FILE]);
    expect(version).toMatchObject({
      origin: 'network',
      manifestSha256: SEAL,
      assignment: undefined,
      release: { model: 'tiny', version: '1.0.0', sequence: sequenceOfSeal(SEAL) },
      spec: { sequence: sequenceOfSeal(SEAL) },
    });
    expect(await weightsOf(device)).toEqual(WHOLE);
    expect(requests).toHaveLength(3);
  });

  test('that the page has been answered with is not asked for again', async () => {
    const { requests } = serveInPlace(FILES);
    const boot = { raw: FILES.get(SEAL_FILE) };
    await (await openSealedDevice({ sealSha256: SEAL, store: createMemoryStore(), boot })).open();
    expect(requests).toEqual([]);
  });

  test('is asked for where the page got another answer', async () => {
    const { requests } = serveInPlace(FILES);
    const boot = { raw: new TextEncoder().encode('<html>') };
    await (await openSealedDevice({ sealSha256: SEAL, store: createMemoryStore(), boot })).open();
    expect(requests).toEqual([SEAL_FILE]);
  });

  test('asks nobody on a second visit, nor for a newer version', async () => {
    serveInPlace(FILES);
    const store = createMemoryStore();
    await (await openSealedDevice({ sealSha256: SEAL, store })).install();
    offline();
    const device = await openSealedDevice({ sealSha256: SEAL, store });
    expect(await weightsOf(device)).toEqual(WHOLE);
    expect(await device.check()).toEqual({ next: undefined, isRevoked: false });
    expect((await device.open()).origin).toBe('store');
  });

  test('is fetched on from where a visit broke off', async () => {
    const store = createMemoryStore();
    const [missing] = weightChunks();
    serveInPlace(new Map([...FILES].filter(([path]) => path !== missing)));
    await expect((await openSealedDevice({ sealSha256: SEAL, store })).install()).rejects.toThrow();
    const { requests } = serveInPlace(FILES);
    expect(await weightsOf(await openSealedDevice({ sealSha256: SEAL, store }))).toEqual(WHOLE);
    expect(requests).toEqual([missing]);
  });

  test('has its small chunks in the seal, also where the layout lists them compressed', async () => {
    const { generations, seals } = await sealFolder([CHUNKS], {
      changeLayout: (files) => {
        (files['model.json']?.[0] ?? [])[2] = 7;
      },
    });
    const { requests } = serveInPlace(generations[0] ?? new Map());
    await (
      await openSealedDevice({ sealSha256: seals[0] as string, store: createMemoryStore() })
    ).open();
    expect(requests).toHaveLength(1);
  });

  test('needs neither Ed25519 nor ECDSA', async () => {
    serveInPlace(FILES);
    vi.spyOn(crypto.subtle, 'importKey').mockRejectedValue(new Error('no keys here'));
    vi.spyOn(crypto.subtle, 'verify').mockRejectedValue(new Error('no signatures here'));
    expect(
      await weightsOf(await openSealedDevice({ sealSha256: SEAL, store: createMemoryStore() })),
    ).toEqual(WHOLE);
  });

  test('that follows another shares its chunks with it', async () => {
    const [same = random(1), changed = random(1)] = CHUNKS;
    const { generations, seals } = await sealFolder([
      [same, changed],
      [same, random(300)],
    ]);
    const { requests } = serveInPlace(generations[1] ?? new Map());
    const store = createMemoryStore();
    await (await openSealedDevice({ sealSha256: seals[0] as string, store })).install();
    requests.length = 0;
    await (await openSealedDevice({ sealSha256: seals[1] as string, store })).install();
    expect(requests.filter((path) => path.startsWith('tiny/chunks/'))).toHaveLength(1);
  });

  test('is one of two that a device holds, after 20 seals at one address', async () => {
    const { generations, seals } = await sealFolder(Array.from({ length: 20 }, () => [random(50)]));
    serveInPlace(generations.at(-1) ?? new Map());
    const store = createMemoryStore();
    for (const sealSha256 of seals) await (await openSealedDevice({ sealSha256, store })).install();
    const device = await openSealedDevice({ sealSha256: seals.at(-1) as string, store });
    await vi.waitFor(async () => {
      const { versions } = await device.storage();
      expect(versions.map(({ role, version }) => [role, version]).sort()).toEqual([
        ['active', '1.19.0'],
        ['previous', '1.18.0'],
      ]);
    });
    expect((await store.keys('c/')).length).toBeLessThan(2 * 6);
  });

  test('gives its place to a signed one at its address, which fetches no weights again', async () => {
    const store = createMemoryStore();
    serveInPlace(FILES);
    await (await openSealedDevice({ sealSha256: SEAL, store })).install();
    const { pin, generations } = await signRepository([CHUNKS]);
    const { requests } = serveInPlace(generations[0] ?? new Map());
    await openBrowserDevice({ pin, store }).install();
    expect(requests.filter((path) => weightChunks().includes(`tiny/${path}`))).toEqual([]);
    await vi.waitFor(async () => {
      const records = (await store.keys('')).filter((key) => /\/[pv]\/tiny/.test(key));
      expect(records).toHaveLength(2); // the signed one's pointer and version
    });
    expect(await (await openBrowserDevice({ pin, store }).install()).origin).toBe('store');
  });
});

describe('a seal that is not there', () => {
  const absent = 'a'.repeat(64);
  const open = async (store: Store = createMemoryStore()) =>
    (await openSealedDevice({ sealSha256: absent, store })).open();

  test('is named with what the folder offers instead', async () => {
    serveInPlace(FILES);
    await expect(open()).rejects.toMatchObject({
      code: 'model-not-found',
      message: expect.stringContaining('deployed without its page'),
      details: { integrity: integrityOf(absent), offered: [integrityOf(SEAL)] },
    });
    await expect(open()).rejects.toThrow(`1.0.0 (${integrityOf(SEAL)})`);
  });

  test('is named as not uploaded where the folder offers that very one', async () => {
    serveInPlace(new Map([...FILES].filter(([path]) => path !== SEAL_FILE)));
    const device = await openSealedDevice({ sealSha256: SEAL, store: createMemoryStore() });
    await expect(device.open()).rejects.toThrow('names it: upload all of the folder');
  });

  test.each([
    [{ version: '1.0.0\u001b[2J', integrity: integrityOf(SEAL) }],
    [{ version: '1.0.0', integrity: 'x'.repeat(100_000) }],
  ])('is not named with what is no version and no hash: %#', async (one) => {
    const index = { format: 1, latest: integrityOf(SEAL), seals: [one] };
    const bytes = new TextEncoder().encode(JSON.stringify(index));
    serveInPlace(new Map([...FILES, ['tiny/nearside.json', bytes]]));
    await expect(open()).rejects.toThrow(/got none, and no `nearside.json`/);
  });

  test.each([
    ['nothing', { status: 404 }],
    ['web pages', { headers: { 'content-type': 'text/html' } }],
  ])('is named where a server has %s', async (_what, answer) => {
    globalThis.fetch = async () => new Response('<html>', answer);
    await expect(open()).rejects.toMatchObject({
      code: 'model-not-found',
      message: expect.stringContaining(integrityOf(absent)),
    });
    await expect(open()).rejects.toThrow('A published one is opened with `trust`.');
  });

  test('is no reason where there is no network', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0);
    offline();
    await expect(open()).rejects.toMatchObject({ code: 'network-failed' });
  });
});

test.each([
  ['of another model', { model: 'other' }, 'bundle-mismatch'],
  ['of a newer format', { format: 2 }, 'version-unsupported'],
  [
    'of a version for other runtimes',
    { requires: { format: 1, runtime: ['x'] } },
    'version-unsupported',
  ],
  [
    'of a version with new features',
    { requires: { format: 1, features: ['x'] } },
    'version-unsupported',
  ],
  ['of a version with a newer spec', { requires: { format: 99 } }, 'version-unsupported'],
])('the right seal %s is refused', async (_what, change, code) => {
  const { generations, seals } = await sealFolder([CHUNKS], {
    changeSeal: (seal) => ({ ...seal, ...change }),
  });
  serveInPlace(generations[0] ?? new Map());
  const device = await openSealedDevice({
    sealSha256: seals[0] as string,
    store: createMemoryStore(),
  });
  await expect(device.open()).rejects.toMatchObject({ code });
});

test('model.json of another version than the seal says is refused', async () => {
  const { generations, seals } = await sealFolder([CHUNKS], {
    changeSeal: (seal) => ({ ...seal, version: '2.0.0' }),
  });
  serveInPlace(generations[0] ?? new Map());
  const device = await openSealedDevice({
    sealSha256: seals[0] as string,
    store: createMemoryStore(),
  });
  await expect(device.open()).rejects.toMatchObject({ code: 'bundle-mismatch' });
});

describe('other bytes', () => {
  const MIRROR = 'https://mirror.example/tiny/';

  /** @returns the addresses that were asked, each with its use of caches */
  function serveChanged(isChanged: (url: string) => boolean) {
    const asked: string[] = [];
    globalThis.fetch = async (input, { cache } = {}) => {
      const url = String(input);
      asked.push(`${cache} ${url}`);
      const file = FILES.get(url.replace(MIRROR, 'tiny/').replace(REPOSITORY, ''));
      if (!file) return new Response('no', { status: 404 });
      return new Response(isChanged(url) ? flipped(file, 9) : file);
    };
    return asked;
  }

  test('in place of the seal are asked for again past caches, and then at mirrors', async () => {
    const asked = serveChanged((url) => url.startsWith(REPOSITORY));
    const mirrors = [{ url: MIRROR }];
    const store = createMemoryStore();
    expect(await weightsOf(await openSealedDevice({ sealSha256: SEAL, store, mirrors }))).toEqual(
      WHOLE,
    );
    expect(asked.slice(0, 3)).toEqual([
      `default ${REPOSITORY}${SEAL_FILE}`,
      `reload ${REPOSITORY}${SEAL_FILE}`,
      `default ${MIRROR}seals/${SEAL}.json`,
    ]);
  });

  test('everywhere are refused', async () => {
    serveChanged(() => true);
    const mirrors = [{ url: MIRROR }];
    const device = await openSealedDevice({
      sealSha256: SEAL,
      store: createMemoryStore(),
      mirrors,
    });
    await expect(device.open()).rejects.toMatchObject({ code: 'digest-mismatch' });
  });

  test('are never served: every field and many a byte changed, cut or exchanged', async () => {
    const others = [...FILES.values()];
    for (const [path, file] of FILES) {
      if (path === 'tiny/nearside.json') continue;
      const fields = path === SEAL_FILE ? withOtherFields(file) : [];
      for (const bytes of [...damages(file, others), ...fields]) {
        const store = createMemoryStore();
        serveInPlace(new Map([...FILES, [path, bytes]]));
        expect(await servedOf(store), path).toBe('right or nothing');
      }
    }
  });

  test('in the store are never served, without a network either', async () => {
    serveInPlace(FILES);
    const store = createMemoryStore();
    await (await openSealedDevice({ sealSha256: SEAL, store })).install();
    vi.spyOn(Math, 'random').mockReturnValue(0); // pauses between rounds
    offline();
    const keys = (await store.keys('')).filter((key) => /^c\/|\/v\//.test(key));
    const values = await Promise.all(keys.map((key) => store.get(key)));
    const others = values.filter((value) => value instanceof ArrayBuffer);
    for (const [i, key] of keys.entries()) {
      const value = values[i] as ArrayBuffer | { bundle: Bytes };
      const isChunk = value instanceof ArrayBuffer;
      const file = isChunk ? new Uint8Array(value) : value.bundle;
      for (const bytes of damages(
        file,
        others.map((other) => new Uint8Array(other)),
      )) {
        const changed = isChunk ? bytes.buffer : { ...value, bundle: bytes };
        await store.commit({ set: new Map<string, unknown>([[key, changed]]) });
        expect(await servedOf(store), key).toBe('right or nothing');
      }
      await store.commit({ set: new Map<string, unknown>([[key, value]]) });
    }
    expect(await weightsOf(await openSealedDevice({ sealSha256: SEAL, store }))).toEqual(WHOLE);
  });
});

async function servedOf(store: Store): Promise<string> {
  const device = await openSealedDevice({ sealSha256: SEAL, store });
  const served = await weightsOf(device).catch(() => undefined);
  return !served || Buffer.from(served).equals(WHOLE) ? 'right or nothing' : 'wrong bytes';
}

function weightChunks(): string[] {
  return [...FILES].filter(([, bytes]) => CHUNKS.includes(bytes)).map(([path]) => path);
}

function* damages(file: Bytes, others: readonly Bytes[]): Iterable<Bytes> {
  for (let at = 0; at < file.length; at += 127) yield flipped(file, at);
  for (const end of [0, 1, file.length / 2, file.length - 1]) yield file.slice(0, end);
  yield new Uint8Array([...file, 0]);
  for (const other of others) if (other !== file) yield other.slice();
}

/** Every field, taken out, and with another value of its kind. */
function* withOtherFields(file: Bytes): Iterable<Bytes> {
  const parsed = JSON.parse(new TextDecoder().decode(file));
  for (const path of pathsIn(parsed)) {
    for (const change of [undefined, 'a'.repeat(64)]) {
      const copy = structuredClone(parsed);
      const holder = path.slice(0, -1).reduce((value, name) => value[name], copy);
      holder[path.at(-1) as string] = change;
      yield new TextEncoder().encode(JSON.stringify(copy));
    }
  }
}

function pathsIn(value: unknown, path: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [path];
  const below = Object.entries(value).flatMap(([name, each]) => pathsIn(each, [...path, name]));
  return path.length > 0 ? [path, ...below] : below;
}

function flipped(file: Bytes, at: number): Bytes {
  const copy = file.slice();
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}
