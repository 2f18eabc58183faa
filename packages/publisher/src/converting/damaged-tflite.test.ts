import { isNearsideError } from '@nearside/core';
import { describe, expect, test } from 'vitest';
import { modelOf } from '../testing/tflite-operators.js';
import { convertTflite } from './convert-tflite.js';
import { FlatBuffer } from './flat-buffer.js';

describe('a damaged file', () => {
  const bytes = modelOf({ isPooled: true });

  test('is refused wherever it is cut', () => {
    for (let part = 0; part < 50; part++) {
      const cut = bytes.subarray(0, Math.floor((bytes.length * part) / 50));
      expect(() => convertTflite(cut), `${cut.length} bytes`).toThrow(
        expect.objectContaining({ code: 'model-invalid' }),
      );
    }
  });

  test('is a model or refused with a code, whichever byte is another', () => {
    let seed = 1;
    const random = (below: number) => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed % below;
    };
    for (let round = 0; round < 60; round++) {
      const damaged = Buffer.from(bytes);
      const [place, value] = [random(bytes.length), random(256)];
      damaged[place] = value;
      try {
        convertTflite(damaged);
      } catch (error) {
        const code = isNearsideError(error) && error.code;
        expect(code, `byte ${place} is ${value}: ${error}`).toBe('model-invalid');
      }
    }
  });

  test('whose tables are all the same one is refused before it is read over and over', () => {
    const [fields, root, list] = [8, 16, 24];
    const count = 10_000;
    const shared = list + 4 + 4 * count;
    const file = Buffer.alloc(shared + 12 + 4 * count);
    for (const [i, size] of [6, 8, 4].entries()) file.writeUInt16LE(size, fields + 2 * i);
    for (const [table, to] of [
      [root, list],
      [shared, shared + 8],
    ] as const) {
      file.writeInt32LE(table - fields, table);
      file.writeUInt32LE(to - table - 4, table + 4);
      file.writeUInt32LE(count, to);
    }
    file.writeUInt32LE(root, 0);
    for (let at = list + 4; at < shared; at += 4) file.writeUInt32LE(shared - at, at);
    const tables = new FlatBuffer(file).root().tables(0);
    expect(tables).toHaveLength(count);
    expect(() => tables.map((table) => table.numbers(0, 'int32'))).toThrow(
      'Expected a TFLite model whose parts each have bytes of their own',
    );
  });
});
