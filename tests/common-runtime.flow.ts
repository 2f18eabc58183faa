import { expect, type Page } from '@playwright/test';
import { root } from '../scripts/root.mjs';
import { keepVariants } from './change-digits.js';
import { test } from './cleared-page.js';
import { serveDigits } from './digits-repository.js';
import { keepWorkers } from './keep-workers.js';
import { gotoBarePage, serveBarePage } from './serve-bare-page.js';
import { serveFixture } from './serve-fixture.js';

/** The file of ONNX Runtime that has what most models use, and what becomes of a model that needs more. */

const COMMON = 'ort-common';
const FULL = 'ort-wasm-simd-threaded';

/** What its golden case compares is in the common file: one value with several levels. */
const ONE = { x: [2.5], level: [1, 2, 3, 4] };
/** Several with several are not, which traps. */
const SEVERAL = { x: [1, 5, 2, 8], level: [4, 4, 4, 4] };

let site: Awaited<ReturnType<typeof serveBarePage>>;
let above: Awaited<ReturnType<typeof serveFixture>>;

test.beforeAll(async () => {
  site = await serveBarePage();
  above = await serveFixture('above', { onnxRuntime: 'common' });
});

test.afterAll(async () => {
  await Promise.all([site.close(), above.close()]);
});

/** Runtime files that are fetched from now on, by what their names begin with. */
function watchRuntimes(page: Page): string[] {
  const fetched: string[] = [];
  page.on('request', (request) => {
    const name = request.url().split('/').at(-1) ?? '';
    if (name.includes('.wasm')) fetched.push(name.split('-').includes('common') ? COMMON : FULL);
  });
  return fetched;
}

/** Has the file add wherever it multiplies four floats by four: `f32x4.mul` becomes `f32x4.add`. */
function addForMultiply(wasm: Buffer): Buffer {
  const changed = Buffer.from(wasm);
  const multiply = Buffer.of(0xfd, 0xe6, 0x01);
  for (let at = changed.indexOf(multiply); at >= 0; at = changed.indexOf(multiply, at)) {
    changed[at + 1] = 0xe4;
  }
  return changed;
}

/** Opens a model as `model`, with its event in `fallbacks`. */
async function openModel(page: Page, address: object, options: object = {}): Promise<void> {
  await gotoBarePage(page, site.url);
  await page.evaluate(
    async ({ url, trust, ...options }: Scope) => {
      const scope = globalThis as Scope;
      scope.fallbacks = [];
      scope.model = await scope.nearside.open(url, { trust, ...options });
      scope.model.on('runtime-fallback', (event: unknown) => scope.fallbacks.push(event));
      const tensor = (data: number[]) => ({
        datatype: 'FP32',
        shape: [data.length],
        data: Float32Array.from(data),
      });
      scope.input = ({ x, level }: Scope) => ({ tensors: { x: tensor(x), level: tensor(level) } });
      scope.aboveOf = ({ output }: Scope) => [...output.tensors.above.data];
    },
    { ...address, ...options },
  );
}

/** Which values of an input are above their level. */
function ask(page: Page, input: object): Promise<number[]> {
  return page.evaluate(async (input) => {
    const scope = globalThis as Scope;
    return scope.aboveOf(await scope.model.run(scope.input(input)));
  }, input);
}

/** The label of a stroke that is a one. */
function readOne(page: Page): Promise<string> {
  return page.evaluate(async () => {
    const { model, one } = globalThis as Scope;
    return (await model.run(one())).output[0].label;
  });
}

/** Which file serves, and how often another one took over. */
function seen(page: Page): Promise<{ runtime: string; fallbacks: Scope[] }> {
  return page.evaluate(async () => {
    const { model, fallbacks } = globalThis as Scope;
    await new Promise((resolve) => setTimeout(resolve)); // events come in a microtask
    return { runtime: model.stats().runtime, fallbacks };
  });
}

test('a version that pack found to be common fetches the common file alone, at every visit', async ({
  page,
}) => {
  const fetched = watchRuntimes(page);
  for (const _visit of ['first', 'second']) {
    await openModel(page, above.address);
    expect(await ask(page, ONE)).toEqual([1, 1, 0, 0]);
    expect(await seen(page)).toEqual({ runtime: 'common', fallbacks: [] });
    await page.evaluate(() => (globalThis as Scope).model.close());
  }
  expect(new Set(fetched)).toEqual(new Set([COMMON]));
});

test('what traps in a run is answered by the full file, with every call beside it, and the next visit begins there', async ({
  page,
}) => {
  await openModel(page, above.address);
  const answers = await page.evaluate(
    async ({ ONE, SEVERAL }) => {
      const { model, input, aboveOf } = globalThis as Scope;
      const inputs = [ONE, SEVERAL, ONE, ONE, SEVERAL, ONE];
      return (await Promise.all(inputs.map((one) => model.run(input(one))))).map(aboveOf);
    },
    { ONE, SEVERAL },
  );
  const [one, several] = [
    [1, 1, 0, 0],
    [0, 1, 0, 1],
  ];
  expect(answers).toEqual([one, several, one, one, several, one]);
  const { runtime, fallbacks } = await seen(page);
  expect(runtime).toBe('full');
  expect(fallbacks).toMatchObject([{ version: '1.0.0' }]);
  await page.evaluate(() => (globalThis as Scope).model.close());

  const fetched = watchRuntimes(page);
  await openModel(page, above.address);
  expect(await ask(page, SEVERAL)).toEqual(several);
  expect(await seen(page)).toEqual({ runtime: 'full', fallbacks: [] });
  expect(new Set(fetched)).toEqual(new Set([FULL]));
});

test('a trap in a stream with state says that the state is lost, and a new stream goes on', async ({
  page,
}) => {
  await openModel(page, above.address);
  const read = await page.evaluate(
    async ({ ONE, SEVERAL }) => {
      const { model, input } = globalThis as Scope;
      const frames = async (all: Scope[]) => {
        const seen: unknown[] = [];
        try {
          for await (const { output, error } of model.stream(all.map(input))) {
            seen.push(error ? error.code : [...output.tensors.above.data]);
          }
        } catch (error) {
          seen.push((error as Scope).code);
        }
        return seen;
      };
      return [await frames([ONE, SEVERAL, ONE]), await frames([SEVERAL, ONE])];
    },
    { ONE, SEVERAL },
  );
  expect(read[0]?.[0]).toEqual([1, 1, 0, 0]);
  expect(read[0]?.slice(1)).toContain('state-lost');
  expect(read[1]).toEqual([
    [0, 1, 0, 1],
    [1, 1, 0, 0],
  ]);
  expect((await seen(page)).runtime).toBe('full');
});

test('what traps in its golden cases opens on the full file, without a word of a backend that failed', async ({
  page,
}) => {
  const files = { 'model.onnx': `${root}tests/fixtures/above-by-pow.onnx` };
  const byPow = await serveFixture('above', { onnxRuntime: 'common', files });
  await openModel(page, byPow.address);
  expect(await ask(page, SEVERAL)).toEqual([0, 1, 0, 1]);
  const { runtime, fallbacks } = await seen(page);
  expect(runtime).toBe('full');
  expect(fallbacks).toHaveLength(1);
  const { quarantined, opening } = await page.evaluate(() => (globalThis as Scope).model.stats());
  expect({ quarantined, failures: opening.failures }).toEqual({ quarantined: [], failures: [] });
  await byPow.close();
});

test.describe(() => {
  test.use({ ownPage: true }); // its script outlasts the test

  test('an error of the worker, which is all that a trap in a thread shows, has the full file take over', async ({
    page,
  }) => {
    await page.addInitScript(keepWorkers);
    await openModel(page, above.address);
    await page.evaluate(() => {
      const [worker] = (globalThis as Scope).workersStarted;
      worker.dispatchEvent(new ErrorEvent('error', { message: 'RuntimeError: unreachable' }));
    });
    expect(await ask(page, ONE)).toEqual([1, 1, 0, 0]);
    expect(await seen(page)).toMatchObject({
      runtime: 'full',
      fallbacks: [{ code: 'worker-lost' }],
    });
  });
});

for (const [name, answer] of [
  ['is missing', { status: 404, body: '' }],
  ['is damaged', { contentType: 'application/wasm', body: '\0asm\x01\0\0\0\x07' }],
] as const) {
  test(`where the common file ${name} the full one serves, and the next visit asks for the common one`, async ({
    page,
  }) => {
    await page.route('**/ort-common*.wasm', (route) => route.fulfill(answer));
    await openModel(page, above.address);
    expect(await ask(page, SEVERAL)).toEqual([0, 1, 0, 1]);
    expect((await seen(page)).runtime).toBe('full');
    await page.evaluate(() => (globalThis as Scope).model.close());
    await page.unroute('**/ort-common*.wasm');
    await openModel(page, above.address);
    expect((await seen(page)).runtime).toBe('common');
  });
}

test('where the common file is valid but computes something else the full one serves, now and at the next visit', async ({
  page,
}) => {
  const digits = await serveDigits();
  const only = (source: string) => keepVariants(source, ['int8']);
  await digits.release({ version: '1.1.0', sequence: 2, change: only, onnxRuntime: 'common' });
  await page.route('**/ort-common*.wasm', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: addForMultiply(await response.body()) });
  });
  await openModel(page, digits.address);
  expect(await readOne(page)).toBe('1');
  expect(await seen(page)).toMatchObject({
    runtime: 'full',
    fallbacks: [{ code: 'golden-mismatch' }],
  });
  await page.evaluate(() => (globalThis as Scope).model.close());
  const fetched = watchRuntimes(page);
  await openModel(page, digits.address);
  expect(await readOne(page)).toBe('1');
  expect(new Set(fetched)).toEqual(new Set([FULL]));
  await digits.close();
});

test('`runtime: full`, and a version that needs more, fetch the full file alone', async ({
  page,
}) => {
  const needy = await serveFixture('above', { onnxRuntime: 'full' });
  const fetched = watchRuntimes(page);
  await openModel(page, above.address, { runtime: 'full' });
  expect((await seen(page)).runtime).toBe('full');
  await openModel(page, needy.address);
  expect((await seen(page)).runtime).toBe('full');
  expect(new Set(fetched)).toEqual(new Set([FULL]));
  await needy.close();
});

test('an update that needs more goes to the full file by what is signed, before anything traps', async ({
  page,
}) => {
  const digits = await serveDigits();
  const only = (source: string) => keepVariants(source, ['int8']);
  await digits.release({ version: '1.1.0', sequence: 2, change: only, onnxRuntime: 'common' });
  await openModel(page, digits.address, { backend: 'onnx-wasm' });
  expect((await seen(page)).runtime).toBe('common');
  await digits.release({ version: '1.2.0', sequence: 3, change: only, onnxRuntime: 'full' });
  await page.evaluate(async () => {
    const { model, one } = globalThis as Scope;
    await model.update();
    await model.run(one());
  });
  const { version } = await page.evaluate(() => (globalThis as Scope).model.stats());
  expect(version).toBe('1.2.0');
  expect(await seen(page)).toEqual({ runtime: 'full', fallbacks: [] });
  await digits.close();
});

// biome-ignore lint/suspicious/noExplicitAny: what the page's global scope holds, as it sees it
type Scope = any;
