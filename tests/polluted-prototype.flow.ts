import { expect, test } from '@playwright/test';
import { serveDigits } from './digits-repository.js';
import { gotoBarePage, serveBarePage } from './serve-bare-page.js';

interface Used {
  readonly url: string;
  readonly trust: string;
  /** What is left out. */
  readonly besides?: readonly string[];
}

/** Opens a signed model and uses it while anybody's values are on `Object.prototype`. */
async function useBesidePoison({ url, trust, besides = [] }: Used) {
  const { nearside, one } = globalThis as Scope;
  const elsewhere = 'https://elsewhere.example/models/digits';
  const trusted = { targets: { signed: { targets: {} } }, root: {}, timestamp: {} };
  const poison: Record<string, unknown> = {
    // Options of `open`, of runs, and of an engine.
    ...{
      trust: `sha256-${'A'.repeat(43)}`,
      integrity: `sha256-${'A'.repeat(43)}=`,
      report: elsewhere,
      mirrors: [elsewhere],
      to: elsewhere,
    },
    ...{ isolate: true, store: 'memory', backend: 'tfjs-wasm', assets: '/nowhere/', tune: 'off' },
    ...{ policy: { maxBytes: 1 }, maxBytes: 1, maxMs: 1, warmUpMs: 1, watchdogMs: 1 },
    ...{ request: { headers: { authorization: 'anybody' } }, credentials: 'include' },
    ...{ fallback: () => 'answered', worker: () => undefined, wasmModule: {}, topK: 1 },
    ...{ priority: 'background', timeoutMs: 0.001, terminate: true, transfer: true },
    // What is passed on inside.
    ...{ unsigned: { files: { 'model.onnx': new Blob(['anything']) }, spec: {} } },
    ...{ sealSha256: 'a'.repeat(64), pin: 'anybody', bundle: new Uint8Array(), isSealed: true },
    ...{ requires: { format: 1, runtime: ['none'] }, signed: {} },
    ...{ identity: { id: 'anybody' }, install: { id: 'anybody' }, memory: {}, maxThreads: 0 },
    ...{ stored: { trusted, origin: 'walk', arrivedMs: Date.now() }, damage: { code: 'offline' } },
    ...{ snapshot: {}, timestamp: {}, targets: {}, active: 7, previous: 6, next: { sequence: 9 } },
    ...{ rollout: { salt: 'none', fromBps: 0, toBps: 0 }, fallbackSequence: 7, candidate: 8 },
    // What model.json may leave out.
    ...{ batch: { max: 1, maxDelayMs: 1e6 }, state: [{ input: 'x', output: 'y' }], stream: 1 },
    ...{ features: [{ name: 'x', type: 'number' }] },
  };
  const names = Object.keys(poison).filter((name) => !besides.includes(name));
  for (const name of names) {
    const value = poison[name];
    Object.defineProperty(Object.prototype, name, { value, configurable: true, writable: true });
  }
  try {
    const model = await nearside.open(url, { trust });
    const { output, meta } = await model.run(one);
    const update = (await model.update()) ?? 'nothing';
    const { verdict, opening, workers } = model.stats();
    const again = (await model.run(one)).output.length;
    await model.close();
    const served = [meta.model, meta.version, Object.hasOwn(meta, 'fallback'), verdict];
    return [...served, opening.origin, workers, output.length, again, update];
  } finally {
    for (const name of names) delete (Object.prototype as Record<string, unknown>)[name];
  }
}

const one = { data: new Uint8ClampedArray(28 * 28 * 4).fill(255), width: 28, height: 28 };
const served = ['digits', '1.0.0', false, 'proven', 'network', 1, 5, 5, 'nothing'];

test('in a page open takes nothing from a polluted prototype', async ({ page }) => {
  const [site, digits] = await Promise.all([serveBarePage(), serveDigits()]);
  await gotoBarePage(page, site.url);
  await page.evaluate(
    (data) => {
      Object.assign(globalThis, {
        one: { data: Uint8ClampedArray.from(data), width: 28, height: 28 },
      });
    },
    [...one.data],
  );
  expect(await page.evaluate(useBesidePoison, digits.address)).toEqual(served);
  await Promise.all([site.close(), digits.close()]);
});

test('in Node open takes nothing from a polluted prototype', async () => {
  const nearside = await import('../packages/nearside/dist/index.js');
  Object.assign(globalThis, { nearside, one });
  const digits = await serveDigits();
  // In Node the runtime shares the realm, and ONNX Runtime itself reads the one, and `fetch` the other.
  const besides = ['terminate', 'integrity'];
  expect(await useBesidePoison({ ...digits.address, besides })).toEqual(served);
  await digits.close();
});

// biome-ignore lint/suspicious/noExplicitAny: what the page's global scope holds, as it sees it
type Scope = any;
