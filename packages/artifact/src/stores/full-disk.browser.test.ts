import { afterEach, expect, test } from 'vitest';
import { cdp } from 'vitest/browser';
import { openBrowserDevice, serveInPlace } from '../testing/browser-device.js';
import { signRepository, WEIGHTS } from '../testing/sign-repository.js';
import { openIndexedDbStore } from './indexeddb-store.js';

const network = globalThis.fetch;
const { origin } = globalThis.location;

afterEach(async () => {
  globalThis.fetch = network;
  await cdp().send('Storage.overrideQuotaForOrigin', { origin });
});

test('a browser without room for the model runs it in memory, and says so', async () => {
  const big = () => new Uint8Array(4_000_000).fill(7);
  const small = () => crypto.getRandomValues(new Uint8Array(1000));
  const { pin, generations, weights } = await signRepository([[small()], [big(), small()]]);
  const [first = new Map(), second = new Map()] = generations;
  const store = openIndexedDbStore(`full-${crypto.randomUUID()}`);
  serveInPlace(first);
  await openBrowserDevice({ pin, store }).install();

  const { usage = 0 } = await navigator.storage.estimate();
  await cdp().send('Storage.overrideQuotaForOrigin', { origin, quotaSize: usage + 1_000_000 });
  serveInPlace(second);
  const device = openBrowserDevice({ pin, store });
  const version = await device.update();
  expect(await version?.readFile(WEIGHTS)).toEqual(weights[1]);
  expect((await device.storage()).degraded).toBe('quota-exceeded');

  // The next page finds what was complete before.
  serveInPlace(new Map());
  const again = await openBrowserDevice({ pin, store }).open();
  expect(await again.readFile(WEIGHTS)).toEqual(weights[0]);
});
