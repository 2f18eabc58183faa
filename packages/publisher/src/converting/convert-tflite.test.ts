import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { isNearsideError } from '@nearside/core';
import { describe, expect, test } from 'vitest';
import { parseOnnxFile } from '../packing/onnx-file.js';
import { convertTflite } from './convert-tflite.js';

const find = createRequire(import.meta.url).resolve;
const read = (name: string) => readFileSync(find(`@mediapipe/${name}`));

/** The published files of MediaPipe that are converted, and the Transposes that are left. */
const FILES = {
  faces: { bytes: read('face_detection/face_detection_short_range.tflite'), transposes: 5 },
  things: {
    bytes: read('objectron/objectron_solution_packed_assets.data').subarray(184, 9_987_912),
    transposes: 13,
  },
  people: { bytes: read('selfie_segmentation/selfie_segmentation.tflite'), transposes: 2 },
};
const converted = {
  faces: convertTflite(FILES.faces.bytes),
  things: convertTflite(FILES.things.bytes),
  people: convertTflite(FILES.people.bytes),
};
const NAMES = ['faces', 'things', 'people'] as const;

describe('a published TFLite file', () => {
  test('keeps its names, shapes and layout outside', () => {
    expect(parseOnnxFile(converted.faces)).toMatchObject({
      inputs: [{ name: 'input', dataType: 1, shape: [1, 128, 128, 3] }],
      outputs: [
        { name: 'regressors', dataType: 1, shape: [1, 896, 16] },
        { name: 'classificators', dataType: 1, shape: [1, 896, 1] },
      ],
    });
  });

  test('keeps its half floats, so that it is no larger by a fiftieth', () => {
    expect(converted.things.length).toBeLessThan(FILES.things.bytes.length * 1.02);
  });

  test.each(NAMES)('gives the same bytes again: %s', (name) => {
    const again = convertTflite(Buffer.from(FILES[name].bytes));
    expect(Buffer.compare(converted[name], again)).toBe(0);
  });

  test.each(NAMES)('is transposed where its layout matters, and nowhere else: %s', (name) => {
    const text = Buffer.from(converted[name]).toString('latin1');
    expect(text.split('\x22\x09Transpose').length - 1).toBe(FILES[name].transposes);
  });
});

describe('a damaged TFLite file', () => {
  const { bytes } = FILES.faces;

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
      const from = round % 2 === 0 ? bytes.length - 40_000 : 0; // where tables are
      damaged[from + random(round % 2 === 0 ? 40_000 : bytes.length)] = random(256);
      try {
        convertTflite(damaged);
      } catch (error) {
        expect(isNearsideError(error) && error.code, `round ${round}: ${error}`).toBe(
          'model-invalid',
        );
      }
    }
  });
});
