import { expect, test } from 'vitest';
import { type DecodeOptions, decodeImage, type ImageInput } from './decode-image.js';

const decode = (input: ImageInput, options: Partial<DecodeOptions> = {}) =>
  decodeImage(input, { defer() {}, ...options });

test('plain RGBA decodes without a browser', async () => {
  const data = Uint8Array.of(1, 2, 3, 255, 100, 200, 50, 51);
  expect(await decode({ width: 1, height: 2, data })).toMatchObject({
    width: 1,
    height: 2,
    channels: 3,
    data: Uint8ClampedArray.of(1, 2, 3, 20, 40, 10),
  });
});

test('a part is read without the rest', async () => {
  const data = Uint8Array.from({ length: 4 * 3 * 4 }, (_, i) => (i % 4 === 3 ? 255 : i));
  const { read } = await decode({ width: 4, height: 3, data });
  expect(read?.({ x: 2, y: 1, width: 1, height: 2 })).toEqual({
    data: Uint8ClampedArray.of(24, 25, 26, 255, 40, 41, 42, 255),
    stride: 4,
  });
});

test('a Buffer is read as bytes', async () => {
  const { data } = await decode({ width: 1, height: 1, data: Buffer.from([9, 8, 7, 255]) });
  expect([...data]).toEqual([9, 8, 7]);
});

test('a Blob in Node says how to go on', async () => {
  const blob = new Blob(['…'], { type: 'image/png' });
  await expect(decode(blob as ImageInput)).rejects.toMatchObject({
    code: 'decode-failed',
    message: expect.stringMatching(/image\/png.*RGBA/),
  });
});

test.each([
  ['null', null],
  ['a string', 'photo.png'],
  ['an array', [1, 2]],
  ['an object without data', { width: 1, height: 1 }],
  ['floats', { width: 1, height: 1, data: new Float32Array(4) }],
  ['RGB without alpha', { width: 1, height: 1, data: new Uint8Array(3) }],
  ['no pixels', { width: 0, height: 4, data: new Uint8Array(0) }],
  ['half a pixel', { width: 0.5, height: 2, data: new Uint8Array(4) }],
])('%s is no image', async (_, input) => {
  await expect(decode(input as never)).rejects.toMatchObject({
    code: 'input-invalid',
    message: expect.stringContaining('expected'),
  });
});

test('pixels that were transferred away are detached', async () => {
  const data = new Uint8Array(4);
  structuredClone(data, { transfer: [data.buffer] });
  await expect(decode({ width: 1, height: 1, data })).rejects.toMatchObject({
    code: 'input-detached',
  });
});

test('more pixels than allowed, or a row too wide for any canvas, are too large', async () => {
  const four = { width: 2, height: 2, data: new Uint8Array(16) };
  await expect(decode(four, { maxPixels: 3 })).rejects.toMatchObject({
    code: 'input-too-large',
  });
  await expect(decode(four, { maxPixels: 4 })).resolves.toMatchObject({ width: 2 });
  const wide = { width: 16_385, height: 1, data: new Uint8Array(16_385 * 4) };
  await expect(decode(wide)).rejects.toMatchObject({ code: 'input-too-large' });
});

test('an aborted signal rejects with its reason', async () => {
  const reason = { why: 'left the page' };
  await expect(
    decode({ width: 1, height: 1, data: new Uint8Array(4) }, { signal: AbortSignal.abort(reason) }),
  ).rejects.toBe(reason);
});
