import { readFile } from 'node:fs/promises';
import { expect, test } from '@playwright/test';
import { root } from '../scripts/root.mjs';
import { gotoBarePage, serveBarePage } from './serve-bare-page.js';

/** `tests/fixtures/half.onnx` gives 2 · x + 1, all of it FP16, whose bits these are. */
const X = [0x3e00, 0xc000, 0x3400, 0x4400]; // 1.5, -2, 0.25, 4
const Y = [0x4400, 0xc200, 0x3e00, 0x4880]; // 4, -3, 1.5, 9
const NAN = 0x7e00;
const LARGEST = 0x7bff; // 65504, whose bits are 2 % away from NaN's

interface HalfCase {
  readonly model: number[];
  readonly x: number[];
  readonly expected: number[];
}

/** Opens the model with one golden case and runs it: what a caller gets as `y`, or the error's code. */
async function openHalf({ model, x, expected }: HalfCase) {
  const { nearside } = globalThis as Scope;
  const tensor = (file: string) => ({ datatype: 'FP16', shape: [1, 4], file });
  const golden = {
    format: 1,
    cases: [
      {
        name: 'only',
        inputs: { x: tensor('golden/x.bin') },
        expected: { model: { y: tensor('golden/y.bin') } },
      },
    ],
    tolerance: { model: { abs: 0, rel: 0.04 } },
  };
  const files = {
    'half.onnx': Uint8Array.from(model),
    'golden.json': new Blob([JSON.stringify(golden)]),
    'golden/x.bin': Uint16Array.from(x),
    'golden/y.bin': Uint16Array.from(expected),
  };
  try {
    const half = await nearside.openUnsigned(files, {}, { backend: 'onnx-wasm' });
    const input = { x: { datatype: 'FP16', shape: [1, 4], data: Uint16Array.from(x) } };
    const { y } = (await half.run({ tensors: input })).output.tensors;
    await half.close();
    return [half.stats().verdict, y.datatype, y.data.constructor.name, ...y.data];
  } catch (error) {
    return (error as { code: string }).code;
  }
}

/** What is opened, and what comes of it, in a page as in Node. */
async function expectNumbersCompared(open: (given: HalfCase) => Promise<unknown>) {
  const model = [...(await readFile(`${root}tests/fixtures/half.onnx`))];
  const right = ['proven', 'FP16', 'Uint16Array', ...Y];
  expect(await open({ model, x: X, expected: Y })).toEqual(right);
  const wrong = Y.with(3, 0x48c0); // 9.5, which is 5 % away, and 0.3 % by its bits
  expect(await open({ model, x: X, expected: wrong })).toBe('golden-mismatch');
  const unsure = { model, x: X.with(0, NAN) };
  expect(await open({ ...unsure, expected: Y.with(0, LARGEST) })).toBe('golden-mismatch');
  expect(await open({ ...unsure, expected: Y.with(0, NAN) })).toBe('golden-mismatch');
}

test('in a page a half-precision model is proven by its numbers and gives the bits of them', async ({
  page,
}) => {
  const site = await serveBarePage();
  await gotoBarePage(page, site.url);
  await expectNumbersCompared((given) => page.evaluate(openHalf, given));
  await site.close();
});

test('in Node a half-precision model is proven by its numbers and gives the bits of them', async () => {
  const nearside = await import('../packages/nearside/dist/index.js');
  Object.assign(globalThis, { nearside });
  await expectNumbersCompared(openHalf);
});

// biome-ignore lint/suspicious/noExplicitAny: what the page's global scope holds, as it sees it
type Scope = any;
