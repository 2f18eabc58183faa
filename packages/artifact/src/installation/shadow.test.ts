import { afterEach, expect, test } from 'vitest';
import { rolloutBucket } from '../rollout-bucket.js';
import { createMemoryStore } from '../stores/memory-store.js';
import { openBrowserDevice, serveInPlace } from '../testing/browser-device.js';
import { signRepository, WEIGHTS } from '../testing/sign-repository.js';

const network = globalThis.fetch;
afterEach(() => {
  globalThis.fetch = network;
});

const WEIGHTS_OF = [1, 2, 3].map((one) => [new Uint8Array(100).fill(one)]);
const BUCKET = await rolloutBucket('salt', '0'.repeat(32));
const to = (toBps: number) => ({ salt: 'salt', fromBps: 0, toBps });
const SHADOW = { model: 'tiny', version: '1.1.0', sequence: 2 };

/** 1.0.0 is installed, and 1.1.0 is out as these say, one after the other; a third release is revoked. */
async function installed(offers: readonly object[]) {
  const { pin, generations } = await signRepository(WEIGHTS_OF, {
    offer: (sequence, generation) =>
      sequence === 2
        ? (offers[generation - 2] ?? {})
        : sequence === 3
          ? { state: 'revoked', rollout: to(0) }
          : {},
  });
  const store = createMemoryStore();
  const serve = (generation: number) => serveInPlace(generations[generation - 1] ?? new Map());
  const device = () => openBrowserDevice({ pin, store });
  serve(1);
  await device().install();
  return { serve, device };
}

const isShadow = { state: 'shadow', rollout: to(BUCKET + 1) };

test('a shadow is named to the installs in its share, and to no other', async () => {
  const inside = await installed([isShadow]);
  inside.serve(2);
  expect(await inside.device().check()).toEqual({
    isRevoked: false,
    next: undefined,
    shadow: SHADOW,
  });
  const outside = await installed([{ state: 'shadow', rollout: to(BUCKET) }]);
  outside.serve(2);
  expect((await outside.device().check()).shadow).toBeUndefined();
});

test('a shadow that was opened and read never serves, and asks for nothing after a reload', async () => {
  const { serve, device } = await installed([isShadow]);
  serve(2);
  const first = device();
  const shadow = await first.openShadow(2);
  await first.readFiles(shadow, [WEIGHTS]);
  expect(shadow.release.version).toBe('1.1.0');
  const { requests } = serveInPlace(new Map());
  expect((await device().open()).release.version).toBe('1.0.0');
  expect(requests).toEqual([]);
});

test('a shadow that becomes a canary is opened as a shadow no more, and is tried as often as any candidate', async () => {
  const { serve, device } = await installed([isShadow, { ...isShadow, state: 'canary' }]);
  serve(2);
  await device().openShadow(2);
  await device().openShadow(2);
  serve(3);
  const later = device();
  const { next, shadow } = await later.check();
  expect([next, shadow]).toEqual([SHADOW, undefined]);
  await expect(later.openShadow(2)).rejects.toMatchObject({ code: 'version-revoked' });
  await later.openCandidate(2);
  expect([await later.spendTry(2), await later.spendTry(2)]).toEqual([1, 0]);
  expect(await later.spendTry(2)).toBeUndefined();
});

test('a shadow that has failed on this device is not named again', async () => {
  const { serve, device } = await installed([isShadow]);
  serve(2);
  const one = device();
  await one.openShadow(2);
  await one.reject(2, 'golden-mismatch');
  expect((await one.check()).shadow).toBeUndefined();
});
