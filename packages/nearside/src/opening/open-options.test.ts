import { expect, test } from 'vitest';
import { planOpening } from './open-options.js';

const pin = `sha256-${'A'.repeat(43)}`;
const url = 'https://cdn.example/models/digits';

test('the last path segment names the model, the rest its repository', async () => {
  const { address } = await planOpening(url, { trust: pin });
  expect(address).toEqual({ repository: 'https://cdn.example/models/', model: 'digits' });
});

test('a pin is required, and a wrong one says what it should look like', async () => {
  await expect(planOpening(url, {} as never)).rejects.toThrow(/pin/);
  await expect(planOpening(url, { trust: 'abc' })).rejects.toThrow(TypeError);
});

test('plain http is refused except on localhost', async () => {
  await expect(planOpening('http://cdn.example/digits', { trust: pin })).rejects.toThrow(/https/);
  await expect(planOpening('http://localhost:1/digits', { trust: pin })).resolves.toBeDefined();
});

test('an option that does not exist is named', async () => {
  const options = { trust: pin, baackend: 'onnx-wasm' };
  await expect(planOpening(url, options)).rejects.toThrow("'baackend'");
});

test('without report there is nowhere to report to', async () => {
  expect((await planOpening(url, { trust: pin })).report).toBeUndefined();
});

test('a budget for tuning that is none is refused, and what is left out keeps its default', async () => {
  for (const tune of ['never', { maxBytes: 0 }, { maxMs: Number.NaN }, null] as never[]) {
    await expect(planOpening(url, { trust: pin, tune })).rejects.toThrow(RangeError);
  }
  await expect(planOpening(url, { trust: pin, tune: { bytes: 1 } as never })).rejects.toThrow(
    "'bytes'",
  );
  const { tune } = await planOpening(url, { trust: pin, tune: { maxMs: 500 } });
  expect(tune).toEqual({ when: 'idle', maxBytes: 10_000_000, maxMs: 500 });
  expect((await planOpening(url, { trust: pin, tune: 'off' })).tune.when).toBe('off');
});

test('a forced backend is the only contender; in Node there is but one', async () => {
  const forced = await planOpening(url, { trust: pin, backend: 'onnx-webgpu' });
  expect([forced.backends, forced.contenders]).toEqual([['onnx-webgpu'], ['onnx-webgpu']]);
  const free = await planOpening(url, { trust: pin });
  expect([free.backends, free.contenders]).toEqual([['onnx-wasm'], ['onnx-wasm']]);
});

test('a sampling rate outside 0 … 1 is refused', async () => {
  for (const sampleRate of [0, -1, 1.5, Number.NaN]) {
    const report = { to: 'https://a.example/v1/reports', sampleRate };
    await expect(planOpening(url, { trust: pin, report })).rejects.toThrow(RangeError);
  }
});
