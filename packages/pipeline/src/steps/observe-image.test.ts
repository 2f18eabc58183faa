import { expect, test } from 'vitest';
import { observePicture } from './decode-image.js';
import { observeBytes } from './resize.js';

function noted(note: (call: { observe(name: string, value: number | string): void }) => void) {
  const values: Record<string, number | string> = {};
  note({ observe: (name, value) => Object.assign(values, { [name]: value }) });
  return values;
}

test('a picture is described by its size and its proportions', () => {
  const values = noted((call) => observePicture({ width: 4000, height: 3000 }, call));
  expect(values).toEqual({ megapixels: 12, aspect: 4 / 3 });
});

test('bytes are described by their mean and how far they are from it', () => {
  const data = Uint8Array.of(0, 255, 0, 255);
  const values = noted((call) => observeBytes({ width: 2, height: 2, channels: 1, data }, call));
  expect(values).toEqual({ brightness: 0.5, contrast: 0.5 });
});

test('of many bytes those at equal distances are looked at, as numpy does with a step', () => {
  const data = Uint8Array.from({ length: 100 * 100 }, (_, i) => (i % 2 === 0 ? 51 : 255));
  const values = noted((call) =>
    observeBytes({ width: 100, height: 100, channels: 1, data }, call),
  );
  expect(values).toEqual({ brightness: 0.2, contrast: 0 });
});

test('floats are not looked at: their range is anybody’s', () => {
  const data = Float32Array.of(1, 2, 3);
  expect(noted((call) => observeBytes({ width: 1, height: 1, channels: 3, data }, call))).toEqual(
    {},
  );
});
