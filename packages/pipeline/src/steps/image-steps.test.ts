import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import chains from '../../fixtures/chains.json' with { type: 'json' };
import { noise } from '../../fixtures/noise.js';
import { callOf } from '../../fixtures/step-parts.js';
import { STEPS } from '../all-steps.js';
import { compileLink, readChain } from '../chain.js';
import { type TargetSize, targetSize } from '../image/target-size.js';
import type { Item } from '../step.js';
import { NO_TRACE } from '../trace.js';

const CONTEXT = { maxPixels: undefined, features: [], inputs: [], isFirst: true, resources: [] };

/** One input through steps, as a pipeline has them do it. */
async function through(
  steps: readonly { step: string }[],
  input: unknown,
  maxPixels?: number,
): Promise<Item> {
  const context = { ...CONTEXT, maxPixels };
  const { links } = readChain(steps, {
    steps: STEPS.preprocessing,
    stage: '',
    part: 'preprocessing',
    start: { kind: 'input', form: {} },
    context,
  });
  let items: readonly Item[] = [{ value: input, trace: NO_TRACE }];
  for (const link of links) {
    const begin = compileLink(link, { context, readText: () => '' });
    items = await begin()(items, callOf());
  }
  return items[0] as Item;
}

function photo([width = 0, height = 0]: readonly number[], seed = 1) {
  return { width, height, data: noise(width * height * 4, seed) };
}

describe('chains of steps make the tensors that the publisher’s Python makes', () => {
  test.each(chains.map((entry) => ({ ...entry, names: entry.steps.map(({ step }) => step) })))(
    '$names of $from',
    async ({ steps, from, seed, shape, base64, sha256 }) => {
      const { value } = await through(steps, photo(from, seed));
      const tensor = value as { shape: number[]; data: Float32Array };
      expect(tensor.shape).toEqual(shape);
      if (base64 === undefined) {
        expect(createHash('sha256').update(tensor.data).digest('hex')).toBe(sha256);
        return;
      }
      const expected = new Float32Array(new Uint8Array(Buffer.from(base64, 'base64')).buffer);
      const off = Array.from(tensor.data, (value, i) => Math.abs(value - (expected[i] as number)));
      expect(Math.max(...off)).toBeLessThanOrEqual(1e-6);
    },
  );
});

describe('sizes', () => {
  test.each<[TargetSize, number[], number[], number?]>([
    // DETR's of a COCO picture, as its documentation has it
    [{ shortest_edge: 800, longest_edge: 1333 }, [640, 480], [1066, 800]],
    [{ shortest_edge: 800, longest_edge: 1333 }, [480, 1280], [499, 1333]],
    [{ shortest_edge: 224 }, [333, 500], [224, 336]],
    [{ longest_edge: 1024 }, [640, 480], [1024, 768]],
    [{ max_height: 100, max_width: 100 }, [300, 200], [100, 66]],
    [{ height: 48, max_width: 2000 }, [301, 30], [482, 48]],
    [{ height: 48, max_width: 320 }, [301, 30], [320, 48]],
    [{ min_shortest_edge: 736, max_longest_edge: 4000 }, [1000, 800], [1000, 800]],
    [{ min_shortest_edge: 736, max_longest_edge: 4000 }, [200, 100], [1472, 736]],
    [{ min_shortest_edge: 736, max_longest_edge: 1200 }, [200, 100], [1200, 600]],
    [{ min_shortest_edge: 736, max_longest_edge: 1000 }, [4000, 3000], [1000, 750]],
    [{ min_shortest_edge: 32, max_longest_edge: 960 }, [80, 48], [64, 64], 32], // 2.5 and 1.5, half to even
    [{ max_height: 100, max_width: 100 }, [5000, 3], [100, 1]],
    [{ min_shortest_edge: 32, max_longest_edge: 960 }, [5000, 40], [960, 32], 32],
  ])('%j of %j is %j', (wanted, [width = 0, height = 0], [toWidth, toHeight], multipleOf) => {
    const size = targetSize(wanted, { width, height }, multipleOf);
    expect(size).toEqual({ width: toWidth, height: toHeight });
  });
});

describe('an item knows where in the picture given it lies', () => {
  const DECODE = { step: 'decode-image' };

  test('after a letterbox', async () => {
    const size = { max_height: 20, max_width: 20 };
    const pad = { step: 'pad', pad_size: { height: 20, width: 20 }, alignment: 'center' };
    const resize = { step: 'resize', size, resample: 2 };
    const { trace } = await through([DECODE, resize, pad], photo([40, 20]));
    // Ten of the twenty rows are the picture's, which begins at row 5.
    expect(trace.toPicture).toEqual({ scaleX: 2, scaleY: 2, offsetX: 0, offsetY: -10 });
    expect(trace.picture).toMatchObject({ width: 40, height: 20 });
  });

  test('after a crop of its middle that is then enlarged', async () => {
    const crop = { step: 'center-crop', crop_size: { height: 10, width: 20 } };
    const resize = { step: 'resize', size: { height: 40, width: 40 }, resample: 0 };
    const { trace } = await through([DECODE, crop, resize], photo([40, 20]));
    expect(trace.toPicture).toEqual({ scaleX: 0.5, scaleY: 0.25, offsetX: 10, offsetY: 5 });
  });

  test('after a resize that keeps the corners where they are', async () => {
    const size = { height: 3, width: 5 };
    const resize = { step: 'resize', size, resample: 2, antialias: false, align_corners: true };
    const { trace } = await through([DECODE, resize], photo([9, 9]));
    const { scaleX, offsetX, scaleY, offsetY } = trace.toPicture ?? NO_PLACEMENT;
    const middles = [0, 4].map((column) => (column + 0.5) * scaleX + offsetX);
    expect(middles).toEqual([0.5, 8.5]);
    expect([0, 2].map((row) => (row + 0.5) * scaleY + offsetY)).toEqual([0.5, 8.5]);
  });

  const NO_PLACEMENT = { scaleX: 0, scaleY: 0, offsetX: 0, offsetY: 0 };
});

test.each<[string, Record<string, unknown> & { step: string }]>([
  ['a pad', { step: 'pad', pad_size: { height: 101, width: 100 } }],
  ['a pad to multiples', { step: 'pad', size_divisor: 101 }],
  [
    'a crop of more than there is',
    { step: 'center-crop', crop_size: { height: 1, width: 10_001 } },
  ],
])('%s gives no larger picture than the model accepts', async (_, step) => {
  const making = through([{ step: 'decode-image' }, step], photo([40, 20]), 10_000);
  await expect(making).rejects.toMatchObject({
    code: 'input-too-large',
    message: expect.stringContaining('padded to at most 10000 pixels'),
  });
});

describe('what does not fit is refused before anything runs', () => {
  const resize = { step: 'resize', size: { height: 4, width: 4 } };
  test.each([
    ['cubic without antialiasing', [{ ...resize, resample: 3, antialias: false }]],
    ['aligned corners with antialiasing', [{ ...resize, resample: 2, align_corners: true }]],
    [
      'a colour for a gray ground',
      [{ step: 'grayscale' }, { step: 'pad', constant_values: [1, 2, 3] }],
    ],
    ['gray in another order', [{ step: 'grayscale' }, { step: 'flip-channel-order' }]],
    ['a box cut out before anything was found', [{ step: 'crop-box' }]],
  ])('%s', async (_, steps) => {
    const chain = [{ step: 'decode-image' }, ...steps];
    await expect(through(chain, photo([4, 4]))).rejects.toMatchObject({ code: 'model-invalid' });
  });

  test.each([
    [{ height: 4 }],
    [{ shortest_edge: 4, width: 4 }],
    [{ max_height: 4 }],
    [{ height: 0, width: 4 }],
  ])('a size of %j', async (size) => {
    const chain = [{ step: 'decode-image' }, { step: 'resize', size, resample: 2 }];
    await expect(through(chain, photo([4, 4]))).rejects.toMatchObject({
      code: 'metadata-malformed',
    });
  });
});
