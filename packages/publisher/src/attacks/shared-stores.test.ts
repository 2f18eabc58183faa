import { createMemoryStore, pinOf, rootPath } from '@nearside/artifact';
import { createDeferred } from '@nearside/core';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { untilQuiet } from '../testing/consistency.js';
import { expectSameFiles, openDevice } from '../testing/device.js';
import { serveFiles } from '../testing/hostile-server.js';
import { openScene, outcomeOf, withFile } from '../testing/scene.js';
import { tellStory } from '../testing/story.js';

const scene = await openScene();
const { first, second } = scene;
/** Another publisher, who has a model of the same name and versions, with other keys. */
const other = await tellStory();
const elsewhere = await serveFiles(other.second.files);

test('a first open behind a lock that is never given back waits a minute, then goes on without it', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  onTestFinished(() => {
    vi.useRealTimers();
  });
  scene.server.files = first.files;
  const store = createMemoryStore();
  const prefix = Buffer.from(scene.pin.slice('sha256-'.length), 'base64url').toString('hex', 0, 8);
  void store.exclusive(`${prefix}/tiny/find`, () => new Promise(() => {}));
  scene.server.requests.length = 0;
  const opening = outcomeOf(scene, () => scene.device({ store }).open());
  await vi.advanceTimersByTimeAsync(59_000);
  expect(scene.server.requests).toEqual([]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(await opening).toBe('1.0.0');
});

describe('two tabs that run different versions on one store', () => {
  test('read each its own, before and after the switch', async () => {
    const store = await scene.installed();
    const [old, young] = [scene.device({ store }), scene.device({ store })];
    const running = await old.open();
    scene.server.files = second.files;
    await young.update();
    expect(await outcomeOf(scene, async () => running)).toBe('1.0.0');
    expect(await outcomeOf(scene, () => young.open())).toBe('1.1.0');
    expect(await outcomeOf(scene, () => scene.device({ store }).open())).toBe('1.1.0');
    const back = await young.openPrevious(2);
    expect(await outcomeOf(scene, async () => back ?? running)).toBe('1.0.0');
  });

  test('that both update end with the new version once, and the old before it', async () => {
    const store = await scene.installed();
    scene.server.files = second.files;
    scene.server.requests.length = 0;
    const devices = [scene.device({ store }), scene.device({ store })];
    const checks = await Promise.all(devices.map((device) => device.check()));
    expect(checks.map(({ next }) => next?.version)).toEqual(['1.1.0', '1.1.0']);
    const candidates = await Promise.all(devices.map((device) => device.openCandidate(2)));
    await Promise.all(devices.map((device, i) => device.activate(candidates[i] as never, 'test')));
    const offline = () => scene.device({ store }).open();
    expect(await outcomeOf(scene, offline)).toBe('1.1.0');
    expect((await scene.device({ store }).openPrevious(2))?.release.version).toBe('1.0.0');
  });

  test('of which one finishes its first open after the other has updated are both right', async () => {
    const store = createMemoryStore();
    scene.server.files = first.files;
    const slow = scene.device({ store });
    const late = await slow.open();
    await slow.readFiles(
      late,
      late.spec.variants.flatMap(({ files }) => files),
    );
    scene.server.files = second.files;
    const quick = scene.device({ store });
    await quick.check();
    const candidate = await quick.openCandidate(2);
    await quick.readFiles(
      candidate,
      candidate.spec.variants.flatMap(({ files }) => files),
    );
    await quick.activate(candidate, 'test');
    await slow.activate(late, 'test');
    expect(await outcomeOf(scene, () => scene.device({ store }).open())).toMatch(/^1\.[01]\.0$/);
    const next = scene.device({ store });
    await next.update();
    expect(await outcomeOf(scene, () => next.open())).toBe('1.1.0');
  });

  test('do not offer each other what one of them has given up', async () => {
    const store = await scene.installed();
    scene.server.files = second.files;
    const [a, b] = [scene.device({ store }), scene.device({ store })];
    await a.check();
    await a.openCandidate(2);
    await a.reject(2, 'golden-mismatch');
    expect(await b.check()).toEqual({ isRevoked: false });
    expect(await outcomeOf(scene, () => b.open())).toBe('1.0.0');
  });
});

describe('two repositories that both have a model of that name', () => {
  test('live in one store without a word to each other', async () => {
    const store = await scene.installed();
    const stranger = openDevice({ url: elsewhere.url, pin: other.pin, store });
    elsewhere.files = other.first.files;
    await expectSameFiles(await stranger.install(), other.first.source);
    elsewhere.files = other.second.files;
    await stranger.update();
    const own = scene.device({ store });
    expect(await outcomeOf(scene, () => own.open())).toBe('1.0.0');
    scene.server.files = second.files;
    await own.update();
    await stranger.reject(2, 'golden-mismatch');
    expect(await outcomeOf(scene, () => own.open())).toBe('1.1.0');
    await expectSameFiles(await stranger.open(), other.first.source);
    expect((await own.storage()).versions.map(({ sequence, role }) => [sequence, role])).toEqual([
      [2, 'active'],
      [1, 'previous'],
    ]);
  });

  test('are not taken for one another: the pin decides, whatever the address', async () => {
    scene.server.files = other.second.files;
    const store = await scene.installed();
    const mixed = scene.device({ store: createMemoryStore() });
    await expect(mixed.open()).rejects.toMatchObject({ code: 'pin-mismatch' });
    const installed = scene.device({ store });
    expect(await outcomeOf(scene, () => installed.update() as never)).toBe('signature-invalid');
    expect(await outcomeOf(scene, () => installed.open())).toBe('1.0.0');
  });

  test('with the first root of the one on top of the other are a pin mismatch', async () => {
    const root = other.first.files.get(rootPath(1)) as Uint8Array<ArrayBuffer>;
    scene.server.files = withFile(second.files, rootPath(1), root);
    await expect(scene.device().open()).rejects.toMatchObject({
      code: 'pin-mismatch',
      message: expect.stringContaining('pass it as `integrity`'),
      details: { expected: scene.pin, got: await pinOf(root) },
    });
  });

  test('a pin where there is no repository is told the word for a sealed model', async () => {
    scene.server.files = new Map();
    await expect(scene.device().open()).rejects.toMatchObject({
      code: 'network-failed',
      message: expect.stringContaining('A sealed model is opened with `integrity`.'),
    });
  });

  test('a model that a repository does not have is not found, and those it has are named', async () => {
    scene.server.files = first.files;
    await expect(scene.device({ model: 'large' }).open()).rejects.toMatchObject({
      code: 'model-not-found',
      details: { model: 'large', offered: ['tiny'] },
    });
  });
});

test('what one tab collects is nothing that another is installing meanwhile', async () => {
  const store = await scene.installed();
  // All of 1.1.0 is there, and nothing says whose it is: an update of long ago, given up.
  scene.server.files = second.files;
  const complete = await scene.installed();
  await scene.device({ store: complete }).update();
  for (const key of await complete.keys('c/')) {
    await store.commit({ set: new Map([[key, await complete.get(key)]]) });
  }
  const { promise: isOpen, resolve: open } = createDeferred<void>();
  const { promise: isReached, resolve: reach } = createDeferred<void>();
  const collector = scene.device({
    store: {
      ...store,
      async transact(keys, decide) {
        let isSweep = false;
        await store.transact(keys, (stored) => {
          const change = decide(stored);
          isSweep = (change?.delete?.length ?? 0) > 0;
          return isSweep ? undefined : change;
        });
        if (!isSweep) return;
        reach();
        await isOpen;
        await store.transact(keys, decide);
      },
      async commit(change) {
        if (change.delete) {
          reach();
          await isOpen;
        }
        await store.commit(change);
      },
    },
  });
  await collector.activate(await collector.open(), 'test');
  await isReached;
  await scene.device({ store }).update();
  open();
  await untilQuiet();
  const offline = () => outcomeOf(scene, () => scene.device({ store }).open());
  expect(await scene.server.whileDown(offline)).toBe('1.1.0');
});

describe('one tab downloads for all', () => {
  const weights = [...second.files.keys()].filter(
    (path) => path.startsWith('chunks/') && !path.endsWith('.z') && !first.files.has(path),
  );
  const chunks = [...second.files.keys()].filter((path) => path.startsWith('chunks/'));

  test('two at once fetch every chunk once', async () => {
    const store = createMemoryStore();
    scene.server.files = second.files;
    scene.server.requests.length = 0;
    const versions = await Promise.all([
      scene.device({ store }).install(),
      scene.device({ store }).install(),
    ]);
    for (const version of versions) await expectSameFiles(version, second.source);
    const asked = scene.server.requests.filter((path) => path.startsWith('chunks/'));
    expect(asked).toHaveLength(new Set(asked).size);
  });

  test('a leader closed in the middle is followed by another, which fetches what was in flight', async () => {
    const store = createMemoryStore();
    const [stuck = ''] = weights;
    let isStuck = true;
    let reached = () => {};
    const inFlight = new Promise<void>((resolve) => {
      reached = resolve;
    });
    scene.server.files = withFile(second.files, stuck, (response) => {
      if (!isStuck) response.end(second.files.get(stuck));
      else reached();
    });
    scene.server.requests.length = 0;
    const closing = new AbortController();
    const leading = scene.device({ store, signal: closing.signal }).install();
    const left = expect(leading).rejects.toBe('closed');
    await inFlight;
    const followers = [1, 2, 3].map(() => scene.device({ store }).install());
    await new Promise((resolve) => setImmediate(resolve));
    isStuck = false;
    closing.abort('closed');
    await left;
    for (const version of await Promise.all(followers)) {
      await expectSameFiles(version, second.source);
    }
    const asked = scene.server.requests.filter((path) => path.startsWith('chunks/'));
    expect(new Set(asked)).toEqual(new Set(chunks.filter((path) => asked.includes(path))));
    // Two files are under way at the same time.
    expect(asked.length - new Set(asked).size).toBeLessThanOrEqual(2);
  });

  test('a leader that stands still for a minute is not waited for', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    try {
      const store = await scene.installed();
      scene.server.files = second.files;
      const frozen = scene.device({ store: frozenOnceInside(store, 'download') });
      await frozen.check();
      const candidate = await frozen.openCandidate(2);
      void frozen.readFiles(candidate, ['onnx/model.onnx']);
      const follower = scene.device({ store }).update();
      let isDone = false;
      void follower.finally(() => {
        isDone = true;
      });
      while (!isDone) {
        await new Promise((resolve) => setImmediate(resolve));
        vi.advanceTimersByTime(500);
      }
      expect((await follower)?.release.version).toBe('1.1.0');
    } finally {
      vi.useRealTimers();
    }
  });
});

/** The tab that holds this lock does nothing any more, and does not let go. */
function frozenOnceInside(
  store: ReturnType<typeof createMemoryStore>,
  lock: string,
): ReturnType<typeof createMemoryStore> {
  return {
    ...store,
    exclusive: (name, work, options) =>
      store.exclusive(
        name,
        name.endsWith(`/${lock}`) ? () => new Promise<never>(() => {}) : work,
        options,
      ),
  };
}
