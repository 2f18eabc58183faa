import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { isOnnx } from './unsigned-version.js';

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
