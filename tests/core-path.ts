import { expect } from '@playwright/test';
import type { serveDigits } from './digits-repository.js';

/** As much of a page as the core path needs: Playwright's `Page` is one, and so is WebKit's. */
export interface DrivenPage {
  goto(url: string): Promise<unknown>;
  /** Runs a function in the page; it may be asynchronous. */
  evaluate<Argument, Result>(
    work: (argument: Argument) => Result | Promise<Result>,
    argument: Argument,
  ): Promise<Result>;
}

export interface CorePathOptions {
  /** Of the bare page. */
  readonly siteUrl: string;
  readonly digits: Awaited<ReturnType<typeof serveDigits>>;
  readonly backend: string;
}

/** What one visit of the bare page comes to. */
interface Visit {
  readonly origin: 'store' | 'network';
  readonly label: string;
  readonly backend: string;
  readonly threads: number;
  readonly healedChunks: number;
  readonly fetchedBytes: number;
}

/**
 * The path that every engine is held to: open from the network and run; again from the store with the
 * repository gone; again with a stored chunk changed, which is healed.
 *
 * @returns the first visit
 */
export async function followCorePath(
  page: DrivenPage,
  { siteUrl, digits, backend }: CorePathOptions,
): Promise<Visit> {
  const first = await visit(page, { siteUrl, digits, backend });
  expect(first).toMatchObject({ origin: 'network', label: '1', backend });

  await digits.stop();
  const second = await visit(page, { siteUrl, digits, backend });
  expect(second).toMatchObject({ origin: 'store', label: '1', backend, fetchedBytes: 0 });

  await digits.start();
  const weights = backend.startsWith('onnx') ? 'int8/model.onnx' : 'tfjs/weights.bin';
  const [chunk = ''] = await digits.chunksOf('1.0.0', weights);
  await page.evaluate(changeChunk, chunk);
  const third = await visit(page, { siteUrl, digits, backend });
  expect(third).toMatchObject({ origin: 'store', label: '1', backend, healedChunks: 1 });
  return first;
}

/** Loads the page anew, opens the model, reads a one and closes. */
async function visit(
  page: DrivenPage,
  { siteUrl, digits, backend }: CorePathOptions,
): Promise<Visit> {
  await page.goto(siteUrl);
  return page.evaluate(
    async ({ url, trust, backend }) => {
      const scope = globalThis as Scope;
      // The page's module may still be on its way.
      while (!scope.nearside) await new Promise(requestAnimationFrame);
      const model = await scope.nearside.open(url, { trust, backend });
      const { output, meta } = await model.run(scope.one());
      const { origin, healedChunks, fetchedBytes } = model.stats().opening;
      await model.close();
      const { threads } = meta;
      const { label } = output[0];
      return { origin, healedChunks, fetchedBytes, label, threads, backend: meta.backend };
    },
    { ...digits.address, backend },
  );
}

/** Pictures of every kind that can be given away: each is empty from the call on, and is run. */
export async function givePicturesAway(
  page: DrivenPage,
  { siteUrl, digits }: Omit<CorePathOptions, 'backend'>,
): Promise<void> {
  await page.goto(siteUrl);
  const seen = await page.evaluate(async ({ url, trust }) => {
    const scope = globalThis as Scope;
    while (!scope.nearside) await new Promise(requestAnimationFrame);
    const model = await scope.nearside.open(url, { trust, backend: 'onnx-wasm' });
    const canvas = Object.assign(document.createElement('canvas'), { width: 28, height: 28 });
    canvas.getContext('2d')?.putImageData(scope.one(), 0, 0);
    const pictures: Scope[] = [scope.one(), await createImageBitmap(canvas)];
    if (scope.VideoFrame) pictures.push(new VideoFrame(canvas, { timestamp: 0 }));
    const running = pictures.map((picture) => model.run(picture, { transfer: true }));
    const sizes = pictures.map(
      ({ data, codedWidth, width }) => data?.length ?? codedWidth ?? width,
    );
    const again = await model.run(pictures[1]).catch(({ code }: Scope) => code);
    const results = await Promise.all(running);
    await model.close();
    return { sizes, labels: results.map(({ output }) => output[0].label), again };
  }, digits.address);
  expect(new Set(seen.sizes)).toEqual(new Set([0]));
  expect(new Set(seen.labels)).toEqual(new Set(['1']));
  expect(seen.again).toBe('input-detached');
}

/** Changes a byte of a stored chunk in the page's IndexedDB, as a failing disk would. */
async function changeChunk(sha256: string): Promise<void> {
  const done = <Value>(request: IDBRequest<Value>) =>
    new Promise<Value>((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  const database = await done(indexedDB.open('nearside-models'));
  const objects = database.transaction('nearside', 'readwrite').objectStore('nearside');
  const bytes = new Uint8Array(await done(objects.get(`c/${sha256}`)));
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
  await done(objects.put(bytes.buffer, `c/${sha256}`));
  database.close();
}

// biome-ignore lint/suspicious/noExplicitAny: what the page's global scope holds, as it sees it
type Scope = any;
