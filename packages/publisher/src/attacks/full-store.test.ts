import { createMemoryStore } from '@nearside/artifact';
import type { Store } from '@nearside/core';
import { describe, expect, test } from 'vitest';
import { expectConsistent, untilQuiet } from '../testing/consistency.js';
import { fullStore } from '../testing/faulty-store.js';
import { copyOf, openScene, outcomeOf } from '../testing/scene.js';
import { nextChapter } from '../testing/story.js';

const story = await openScene();
const third = await nextChapter(story.workspace, { version: '1.2.0', sequence: 3, seed: 3 });
const scene = { ...story, third };

/** A store with 1.1.0 active, 1.0.0 before it. */
const second = await story.installed();
scene.server.files = scene.second.files;
await scene.device({ store: second }).update();
await untilQuiet();

describe.each([
  ['and at every later one', false],
  ['and only there', true],
])('no room at the nth write, %s', (_, once) => {
  test('lets a first open go on in memory, for every n', async () => {
    await forEveryWrite(once, async () => createMemoryStore(), scene.second.files, '1.1.0');
  });

  test('lets an update go on in memory, for every n', async () => {
    await forEveryWrite(once, scene.installed, scene.second.files, '1.1.0');
  });

  test('lets an update go on where there is a version to make room of, for every n', async () => {
    await forEveryWrite(once, () => copyOf(second), third.files, '1.2.0');
  });
});

test('a store that is full from the start says so, and is left as it was', async () => {
  const below = createMemoryStore();
  scene.server.files = scene.second.files;
  const device = scene.device({ store: fullStore(below, { at: 1, once: false }) });
  expect(await outcomeOf(scene, () => device.install())).toBe('1.1.0');
  expect(await device.storage()).toMatchObject({ degraded: 'quota-exceeded' });
  expect(await below.keys('')).toEqual([]);
});

/** Every write in `npm run test:long`, one in five on every change. */
const STRIDE = process.env.EVERY_CASE ? 1 : 5;

/** Puts the fault at one write after another, until there is no such write any more. */
async function forEveryWrite(
  once: boolean,
  before: () => Promise<Store>,
  files: ReadonlyMap<string, Uint8Array>,
  expected: string,
): Promise<void> {
  for (let at = 1; ; at += STRIDE) {
    const below = await before();
    const full = fullStore(below, { at, once });
    scene.server.files = files;
    const device = scene.device({ store: full });
    const outcome = await outcomeOf(scene, async () => {
      await device.install();
      return (await device.update()) ?? device.open();
    });
    expect(outcome, `write ${at}`).toBe(expected);
    await untilQuiet();
    if (full.writes < at) break;
    await expectConsistent(scene, below, `write ${at}`);
    expect(at).toBeLessThan(200);
  }
}
