import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseOnnxFile } from '../packing/onnx-file.js';
import { convertTflite } from './convert-tflite.js';

const read = (address: string) => readFileSync(new URL(address));
const FACES = import.meta.resolve('@mediapipe/face_detection/face_detection_short_range.tflite');
const THINGS = import.meta.resolve('@mediapipe/objectron/objectron_solution_packed_assets.data');
const PEOPLE = import.meta.resolve('@mediapipe/selfie_segmentation/selfie_segmentation.tflite');

/** The published files of MediaPipe that are converted, and the Transposes that are left. */
const FILES = {
  faces: { bytes: read(FACES), transposes: 5 },
  things: { bytes: read(THINGS).subarray(184, 9_987_912), transposes: 13 },
  people: { bytes: read(PEOPLE), transposes: 2 },
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
