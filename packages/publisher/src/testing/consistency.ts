import type { Store } from '@nearside/core';
import { expect } from 'vitest';
import { copyOf, type Outcome, outcomeOf, type Scene } from './scene.js';
import type { Chapter } from './story.js';

type AnyScene = Scene & { readonly third?: Chapter };

/**
 * Checks that a store is consistent. Without a network a device opens the complete version that its pointer names;
 * with one (`online`) it reaches the newest. Without a pointer nothing opens offline.
 *
 * @returns the version that opens without a network
 */
export async function expectConsistent(
  scene: AnyScene,
  store: Store,
  what: string,
  { online = true }: { readonly online?: boolean } = {},
): Promise<Outcome> {
  const { active, previous } = await pointerOf(store);
  const chapters = [scene.first, scene.second, scene.third];
  const versionOf = (sequence: number | undefined) =>
    chapters.find((one) => one?.sequence === sequence)?.version;
  const outcome = await scene.server.whileDown(async () => {
    const offline = scene.device({ store: await copyOf(store) });
    const opened = await outcomeOf(scene, () => offline.open());
    // Without a pointer, a version that has just arrived in full may open. It verifies like any other.
    if (active !== undefined) expect(opened, `${what}, offline`).toBe(versionOf(active));
    if (previous === undefined) return opened;
    const before = await outcomeOf(scene, async () => {
      const version = await offline.openPrevious(active ?? 0);
      if (!version) throw new Error(`${what}: expected the version before`);
      return version;
    });
    expect(before, `${what}, the version before`).toBe(versionOf(previous));
    return opened;
  });
  if (!online) return outcome;
  const device = scene.device({ store: await copyOf(store) });
  const healed = await outcomeOf(scene, async () => {
    await device.install();
    return (await device.update()) ?? device.open();
  });
  expect(healed, `${what}, online`).toBe(newestIn(scene));
  return outcome;
}

/** Waits until work that was started without waiting is done. A memory store needs no clock. */
export async function untilQuiet(): Promise<void> {
  for (let i = 0; i < 10; i += 1) await new Promise((resolve) => setImmediate(resolve));
}

function newestIn({ server, first, second, third }: AnyScene): string | undefined {
  return [third, second, first].find((one) => one?.files === server.files)?.version;
}

async function pointerOf(store: Store): Promise<{ active?: number; previous?: number }> {
  const key = (await store.keys('')).find((key) => /^[0-9a-f]{16}\/p\/tiny$/.test(key));
  return key === undefined ? {} : ((await store.get(key)) as object);
}
