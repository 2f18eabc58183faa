import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { isOnnx, typeOfWeights } from './onnx-file.js';

const model = await readFile(new URL('../../../../models/digits/int8/model.onnx', import.meta.url));

test('an ONNX model is one', () => {
  expect(isOnnx(model)).toBe(true);
});

test('a part of a model, one with something behind it, and other files are none', () => {
  for (const cut of [1, 10, model.length - 1]) expect(isOnnx(model.subarray(0, cut))).toBe(false);
  expect(isOnnx(Buffer.concat([model, Uint8Array.of(3)]))).toBe(false);
  const others = ['', '{"a":1}', '<!doctype html>', 'PK\x03\x04', '\x89PNG\r\n', '\x08\x08'];
  for (const text of others) expect(isOnnx(Buffer.from(text, 'latin1'))).toBe(false);
});

test('no bytes make it read on for ever', () => {
  for (let first = 0; first < 256; first += 1) {
    const bytes = Uint8Array.from({ length: 64 }, (_, i) => (first * 31 + i * 17) & 255);
    expect(isOnnx(bytes)).toBe(false);
  }
});

test('a graph of ten million empty nodes takes no memory for each', () => {
  const sizeBytes = 20_000_000;
  const head = [(7 << 3) | 2, 0x80, 0xda, 0xc4, 0x09]; // the graph, and its size as a varint
  const bytes = new Uint8Array(head.length + sizeBytes);
  for (let offset = head.length; offset < bytes.length; offset += 2) bytes[offset] = (1 << 3) | 2;
  bytes.set(head);
  const peakBytes = () => process.resourceUsage().maxRSS * 1024;
  const beforeBytes = peakBytes();
  expect(isOnnx(bytes)).toBe(true);
  expect(typeOfWeights(bytes)).toBe('unknown');
  expect(peakBytes() - beforeBytes).toBeLessThan(20 * sizeBytes);
});

test('the type of most weights is told, and none where there are no weights', async () => {
  const read = (name: string) => readFile(new URL(`../../../../${name}`, import.meta.url));
  expect(typeOfWeights(model)).toBe('int8');
  expect(typeOfWeights(await read('tests/fixtures/wrong-on-webgpu/model.onnx'))).toBe('fp32');
  expect(typeOfWeights(await read('tests/fixtures/half.onnx'))).toBe('fp16');
  expect(typeOfWeights(await read('tests/fixtures/hanging.onnx'))).toBe('unknown');
  expect(typeOfWeights(new Uint8Array([3]))).toBe('unknown');
});
