import { bootPath, createMemoryStore } from '@nearside/artifact';
import type { Store } from '@nearside/core';
import { describe, expect, test } from 'vitest';
import { expectConsistent, untilQuiet } from '../testing/consistency.js';
import { mortalStore } from '../testing/faulty-store.js';
import { copyOf, openScene } from '../testing/scene.js';
import { nextChapter } from '../testing/story.js';

const story = await openScene();
const third = await nextChapter(story.workspace, { version: '1.2.0', sequence: 3, seed: 3 });
const scene = { ...story, third };
const booted = new Map(scene.second.files).set(bootPath('tiny'), scene.second.boot);

const second = await story.installed();
scene.server.files = scene.second.files;
await scene.device({ store: second }).update();
await untilQuiet();

describe.each([
  ['before it took effect', false],
  ['after it took effect', true],
])('a process killed at its nth write, %s', (_, takesEffect) => {
  test('during a first open leaves nothing, or 1.1.0 whole, for every n', async () => {
    const outcomes = await forEveryWrite(
      takesEffect,
      async () => createMemoryStore(),
      () => {
        scene.server.files = scene.second.files;
      },
    );
    expect(outcomes).toEqual(new Set(['network-failed', '1.1.0']));
  });

  test('during a first open with a boot file too, for every n', async () => {
    const outcomes = await forEveryWrite(
      takesEffect,
      async () => createMemoryStore(),
      () => {
        scene.server.files = booted;
      },
      () => {
        scene.server.files = scene.second.files;
      },
    );
    expect(outcomes).toEqual(new Set(['network-failed', '1.1.0']));
  });

  test('during an update leaves 1.0.0 whole, or 1.1.0 whole, for every n', async () => {
    const outcomes = await forEveryWrite(takesEffect, scene.installed, () => {
      scene.server.files = scene.second.files;
    });
    expect(outcomes).toEqual(new Set(takesEffect ? ['1.0.0', '1.1.0'] : ['1.0.0']));
  });

  test('during a second update, with a version to collect, leaves one whole, for every n', async () => {
    const outcomes = await forEveryWrite(
      takesEffect,
      () => copyOf(second),
      () => {
        scene.server.files = third.files;
      },
    );
    expect(outcomes).toEqual(new Set(takesEffect ? ['1.1.0', '1.2.0'] : ['1.1.0']));
  });
});

test('a device that is killed and killed again comes to an end all the same', async () => {
  const store = createMemoryStore();
  scene.server.files = scene.second.files;
  let deaths = 0;
  for (let isDone = false; !isDone; ) {
    const mortal = mortalStore(store, { at: 3, takesEffect: true });
    const device = scene.device({ store: mortal });
    isDone = await Promise.race([
      device
        .install()
        .then(untilQuiet)
        .then(() => true),
      mortal.death.then(() => false),
    ]);
    if (!isDone) deaths += 1;
    expect(deaths).toBeLessThan(50);
    const { active } = await firstPointer(store);
    if (active !== undefined) break;
  }
  expect(deaths).toBeGreaterThan(2);
  expect(await expectConsistent(scene, store, 'after all')).toBe('1.1.0');
});

/** @returns what devices open, without a network, after the deaths */
async function forEveryWrite(
  takesEffect: boolean,
  before: () => Promise<Store>,
  serve: () => void,
  serveLater = serve,
): Promise<Set<string>> {
  const outcomes = new Set<string>();
  for (let at = 1; ; at += 1) {
    const store = await before();
    const mortal = mortalStore(store, { at, takesEffect });
    serve();
    const device = scene.device({ store: mortal });
    const acting = device
      .install()
      .then(() => device.update())
      .then(untilQuiet)
      .then(() => 'alive');
    const end = await Promise.race([acting, mortal.death]);
    if (end === 'alive') return outcomes;
    serveLater();
    // What it leaves after this write is what it leaves before the next: once is enough online.
    const online = !takesEffect;
    outcomes.add(await expectConsistent(scene, store, `write ${at}`, { online }));
    expect(at).toBeLessThan(200);
  }
}

async function firstPointer(store: Store): Promise<{ active?: number }> {
  const [key] = (await store.keys('')).filter((key) => key.includes('/p/'));
  return key === undefined ? {} : ((await store.get(key)) as object);
}
