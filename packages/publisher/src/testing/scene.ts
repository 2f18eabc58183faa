import { createMemoryStore, LIMITS, type OpenedRelease } from '@nearside/artifact';
import { type ErrorCode, isNearsideError, type Store } from '@nearside/core';
import { afterAll, beforeEach, expect, vi } from 'vitest';
import { type Device, type DeviceOptions, expectSameFiles, openDevice } from './device.js';
import { forge, type RepositoryFiles, type Signed, type StolenKeys, stealKeys } from './forge.js';
import { type Answer, type Files, type HostileServer, serveFiles } from './hostile-server.js';
import { type Chapter, type Story, tellStory } from './story.js';

/** How an act ended: with an error of this code, or with this version, all of its files right. */
export type Outcome = ErrorCode | `${number}.${number}.${number}`;

export interface ActOptions {
  readonly now?: () => number;
  /** True if the device reaches the newest version once the attack is over. */
  readonly heals?: boolean;
}

/** A story, a server that may falsify it, and devices. */
export interface Scene extends Story {
  readonly server: HostileServer;
  device(options?: Partial<DeviceOptions>): Device;
  /** A store with 1.0.0 active, a new one at each call. */
  installed(): Promise<Store>;
  /** A new device meets these files. However that ends, the true files still serve it. */
  firstOpen(files: Files, options?: ActOptions): Promise<Outcome>;
  /**
   * A device with 1.0.0 looks for an update in these files. However that ends, it then opens the
   * version before or the new one without a network, and the true files lead it to the newest.
   */
  update(files: Files, options?: ActOptions): Promise<Outcome>;
}

export async function openScene(prepareKeys?: (keys: string) => Promise<unknown>): Promise<Scene> {
  // Random pauses between tries take no time, because nothing here is about waiting.
  const endPauses = () => vi.spyOn(Math, 'random').mockReturnValue(0);
  endPauses();
  beforeEach(() => {
    endPauses(); // another test file's mocks may be restored when it ends
  });
  afterAll(() => endPauses().mockRestore());
  const story = await tellStory(prepareKeys);
  const server = await serveFiles(story.first.files);
  const device: Scene['device'] = (options) =>
    openDevice({ url: server.url, pin: story.pin, ...options });
  const original = createMemoryStore();
  await device({ store: original }).install();
  const installed = () => copyOf(original);

  const truth = nextGeneration(story.second.files, await stealKeys(story.workspace.keys));

  async function expectHealed(store: Store): Promise<void> {
    server.files = truth;
    // A device does not ask again within a minute.
    const later = device({ store, now: () => Date.now() + LIMITS.freshMs });
    await later.install();
    await later.update();
    await expectSameFiles(await later.open(), story.second.source);
  }

  return {
    ...story,
    server,
    device,
    installed,
    async firstOpen(files, { now, heals = true } = {}) {
      const store = createMemoryStore();
      server.files = files;
      const outcome = await outcomeOf(story, () => device({ store, now }).install());
      if (heals) await expectHealed(store);
      return outcome;
    },
    async update(files, { now, heals = true } = {}) {
      const store = await installed();
      server.files = files;
      const outcome = await outcomeOf(story, async () => {
        const updating = device({ store, now });
        return (await updating.update()) ?? updating.open();
      });
      const active = await server.whileDown(() =>
        outcomeOf(story, () => device({ store, now }).open()),
      );
      expect(active).toBe(/^\d/.test(outcome) ? outcome : story.first.version);
      if (heals) await expectHealed(store);
      return outcome;
    },
  };
}

/** Makes the metadata that the publisher signs after an attack: the same releases, newer than any forgery. */
function nextGeneration(files: RepositoryFiles, { tuf }: StolenKeys): RepositoryFiles {
  const newer = (signed: Signed) => {
    signed.version += 100;
  };
  return forge(files, { targets: newer, snapshot: newer, timestamp: newer }, tuf);
}

/** @throws errors without a code, and when a file of the version is not as published */
export async function outcomeOf(
  { first, second, third }: Pick<Story, 'first' | 'second'> & { third?: Chapter },
  act: () => Promise<OpenedRelease>,
): Promise<Outcome> {
  try {
    const version = await act();
    const chapter = [first, second, third].find((one) => one?.version === version.release.version);
    await expectSameFiles(version, (chapter as Chapter).source);
    return version.release.version as Outcome;
  } catch (error) {
    if (isNearsideError(error)) return error.code;
    throw error;
  }
}

export async function copyOf(store: Store): Promise<Store> {
  const copy = createMemoryStore();
  for (const key of await store.keys('')) {
    await copy.commit({ set: new Map([[key, await store.get(key)]]) });
  }
  return copy;
}

/** Makes a boot file of everything in a repository that one may hold. */
export function bootOf(files: Files): Uint8Array {
  const small = [...files].filter(
    (entry): entry is [string, Uint8Array] => entry[1] instanceof Uint8Array,
  );
  const entries = small.map(([path, bytes]) => {
    const text = Buffer.from(bytes).toString();
    const isJson = text.startsWith('{') && Buffer.from(text).equals(bytes);
    return [path, isJson ? text : Buffer.from(bytes).toString('base64')];
  });
  return Buffer.from(JSON.stringify({ format: 1, files: Object.fromEntries(entries) }));
}

export function withFile(files: Files, path: string, answer: Answer): Map<string, Answer> {
  return new Map(files).set(path, answer);
}
