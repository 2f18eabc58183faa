import { type ModelSpec, parseModelSpec } from '@nearside/core';
import { describe, expect, test } from 'vitest';
import { boxAt, callOf, sourceOf } from '../../fixtures/step-parts.js';
import type { Prepared } from '../flow.js';
import type { FoundText, Point } from '../found.js';
import { type CompileOptions, compilePipeline } from '../pipeline.js';
import { STEPS_FILE } from '../steps-file.js';
import type { TextLine } from '../text/reading-order.js';
import { readingOrderStep } from './reading-order.js';

/** A detector of a 32 × 32 map and a recogniser of the letters a and b. */
function twoStages(differing: object = {}): ModelSpec {
  return parseModelSpec({
    format: 1,
    name: 'reader',
    version: '1.0.0',
    sequence: 1,
    task: 'ocr',
    stages: [
      {
        name: 'detect',
        inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 3, 32, 32] }],
        outputs: [{ name: 'map', datatype: 'FP32', shape: [-1, 1, 32, 32] }],
        preprocessing: [
          { step: 'decode-image' },
          { step: 'resize', size: { height: 32, width: 32 }, resample: 2, antialias: false },
          { step: 'to-tensor', layout: 'NCHW' },
        ],
        postprocessing: [{ step: 'text-boxes' }],
      },
      {
        name: 'recognize',
        each: 'detect',
        inputs: [{ name: 'x', datatype: 'FP32', shape: [-1, 3, 8, -1] }],
        outputs: [{ name: 'steps', datatype: 'FP32', shape: [-1, -1, 3] }],
        resources: { keys: 'keys.txt' },
        preprocessing: [
          { step: 'crop-box' },
          { step: 'resize', size: { height: 8, max_width: 64 }, resample: 2, antialias: false },
          { step: 'to-tensor', layout: 'NCHW' },
        ],
        postprocessing: [{ step: 'ctc-greedy', symbols: 'keys' }, { step: 'reading-order' }],
        ...differing,
      },
    ],
    variants: [
      {
        name: 'fp32',
        runtime: 'onnx',
        dtype: 'fp32',
        stages: { detect: { files: ['d.onnx'] }, recognize: { files: ['r.onnx'] } },
      },
    ],
    limits: { memoryBytes: 1_000_000 },
  });
}

function keys(text: string): CompileOptions {
  const resources = new Map([['keys.txt', new TextEncoder().encode(text)]]);
  return { resources, stepsFile: STEPS_FILE };
}

/** Two rows of text: one box above, two side by side below. */
function map() {
  const data = new Float32Array(32 * 32);
  const regions = [
    { left: 22, top: 20 },
    { left: 1, top: 21 },
    { left: 4, top: 4 },
  ];
  for (const { left, top } of regions) {
    for (let y = top; y < top + 5; y++) data.fill(0.9, y * 32 + left, y * 32 + left + 8);
  }
  return { map: { datatype: 'FP32', shape: [1, 1, 32, 32], data } } as const;
}

function steps(best: number) {
  const data = new Float32Array(2 * 3).fill(0.1);
  data[best] = 0.8;
  data[3] = 0.8; // then a blank
  return { steps: { datatype: 'FP32', shape: [1, 2, 3], data } } as const;
}

const PHOTO = { width: 64, height: 96, data: new Uint8Array(64 * 96 * 4).fill(255) };

describe('from a picture to lines of text', () => {
  test('boxes are cut out of the picture given, read, and put in order', async () => {
    const flow = compilePipeline(twoStages(), keys('a\nb')).begin();
    const detect = await flow.prepare(PHOTO);
    expect(detect.items.map(({ x }) => x?.shape)).toEqual([[1, 3, 32, 32]]);
    const recognize = (await detect.finish([map()])) as Prepared;
    expect(recognize.stage).toBe(1);
    // About 15 × 10 pixels of the map are 30 × 30 of the picture.
    const widths = recognize.items.map(({ x }) => x?.shape.at(-1));
    expect(recognize.items).toHaveLength(3);
    expect(Math.max(...(widths as number[]))).toBeLessThan(20);
    const { output } = (await recognize.finish([steps(1), steps(2), steps(1)])) as {
      output: readonly TextLine[];
    };
    expect(output.map(({ text }) => text)).toEqual(['a', 'a', 'b']);
    expect(output[1]?.box.x).toBeLessThan(output[2]?.box.x as number);
    expect(output[0]?.points[0]).toEqual([output[0]?.box.x, output[0]?.box.y]);
    expect(output[0]?.score).toBeCloseTo(0.8);
  });

  test('a map or symbols that are not all numbers fail, instead of having no text in them', async () => {
    const pipeline = compilePipeline(twoStages(), keys('a\nb'));
    const photo = { width: 64, height: 64, data: new Uint8Array(64 * 64 * 4) };
    const prepared = await pipeline.begin().prepare(photo);
    const data = new Float32Array(32 * 32).fill(0.9).fill(Number.NaN, 5, 6);
    const map = { datatype: 'FP32', shape: [1, 1, 32, 32], data } as const;
    await expect(prepared.finish([{ map }])).rejects.toMatchObject({ code: 'backend-failed' });
  });

  test('a page without text has no lines', async () => {
    const flow = compilePipeline(twoStages(), keys('a\nb')).begin();
    const detect = await flow.prepare(PHOTO);
    const empty = { map: { ...map().map, data: new Float32Array(32 * 32) } };
    const recognize = (await detect.finish([empty])) as Prepared;
    expect(recognize.items).toEqual([]);
    expect(await recognize.finish([])).toMatchObject({ isDone: true, output: [] });
  });
});

describe('what does not fit is refused before anything runs', () => {
  test.each([
    [
      'a dictionary of another length than the classes',
      {},
      'a\nb\nc',
      /3 classes.*2 symbols.*got 3/,
    ],
    [
      'a space that makes one class more',
      {
        postprocessing: [
          { step: 'ctc-greedy', symbols: 'keys', use_space_char: true },
          { step: 'reading-order' },
        ],
      },
      'a\nb',
      /got 3 symbols/,
    ],
    [
      'a resource that the spec does not name',
      { postprocessing: [{ step: 'ctc-greedy', symbols: 'words' }, { step: 'reading-order' }] },
      'a\nb',
      /'words' among resources, got keys/,
    ],
    [
      'an output without steps',
      { outputs: [{ name: 'steps', datatype: 'FP32', shape: [-1, 3] }] },
      'a\nb',
      /FP32 \[1, steps, classes\]/,
    ],
    [
      'boxes of a crop, whose place in the picture nobody knows',
      {
        outputs: [{ name: 'map', datatype: 'FP32', shape: [-1, 1, 8, -1] }],
        postprocessing: [{ step: 'text-boxes' }],
      },
      'a\nb',
      /in the first stage/,
    ],
    [
      'texts without an order',
      { postprocessing: [{ step: 'ctc-greedy', symbols: 'keys' }] },
      'a\nb',
      /a result/,
    ],
  ])('%s', (_, differing, text, message) => {
    expect(() => compilePipeline(twoStages(differing), keys(text))).toThrow(
      expect.objectContaining({
        code: 'model-invalid',
        message: expect.stringMatching(message),
        details: expect.objectContaining({ stage: 'recognize' }),
      }),
    );
  });

  test('a space after the symbols, and a file that ends with a line feed', () => {
    const postprocessing = [
      { step: 'ctc-greedy', symbols: 'keys', use_space_char: true },
      { step: 'reading-order' },
    ];
    expect(() => compilePipeline(twoStages({ postprocessing }), keys('a\n'))).not.toThrow();
  });
});

describe('reading order', () => {
  function orderOf(
    texts: readonly { text: string; at: readonly Point[]; score?: number }[],
    min_score = 0,
  ) {
    const kernel = readingOrderStep.compile({ min_score }, sourceOf({}))();
    const items = texts.map(({ text, at, score = 1 }) => ({
      value: { text, score } satisfies FoundText,
      trace: { box: boxAt(at) },
    }));
    const [{ value }] = kernel(items, callOf()) as unknown as [{ value: readonly TextLine[] }];
    return value.map(({ text }) => text).join(' ');
  }

  const upright = (x: number, y: number, width = 40, height = 10): Point[] => [
    [x, y],
    [x + width, y],
    [x + width, y + height],
    [x, y + height],
  ];

  test('rows go from top to bottom, and each from left to right', () => {
    expect(
      orderOf([
        { text: 'fourth', at: upright(60, 33) },
        { text: 'second', at: upright(60, 2) },
        { text: 'first', at: upright(0, 5) },
        { text: 'third', at: upright(0, 30) },
      ]),
    ).toBe('first second third fourth');
  });

  test('a row may slant by more than its height', () => {
    const row = Array.from({ length: 6 }, (_, i) => ({
      text: `${i}`,
      at: upright(50 * (5 - i), 4 * i),
    }));
    expect(orderOf([...row, { text: 'below', at: upright(100, 40) }])).toBe('5 4 3 2 1 0 below');
  });

  test('lines that slant more than they are apart stay below each other', () => {
    const slanted = (y: number): Point[] => [
      [0, y + 12],
      [300, y],
      [302, y + 14],
      [2, y + 26],
    ];
    expect(
      orderOf([
        { text: 'second', at: slanted(16).map(([x, y]): Point => [x - 3, y]) },
        { text: 'first', at: slanted(4) },
      ]),
    ).toBe('first second');
  });

  test('a headline beside two small lines stands before them', () => {
    expect(
      orderOf([
        { text: 'lower', at: upright(100, 22, 40, 10) },
        { text: 'upper', at: upright(100, 2, 40, 10) },
        { text: 'HEAD', at: upright(0, 0, 90, 34) },
      ]),
    ).toBe('HEAD upper lower');
  });

  test('what is empty, or less sure than asked, is left out', () => {
    const texts = [
      { text: ' ', at: upright(0, 0) },
      { text: ' sure ', at: upright(0, 20), score: 0.9 },
      { text: 'unsure', at: upright(0, 40), score: 0.4 },
    ];
    expect(orderOf(texts, 0.5)).toBe('sure');
    expect(orderOf(texts)).toBe('sure unsure');
  });
});
