import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { noise } from '../../fixtures/noise.js';
import { boxAt, callOf, sourceOf, unpack } from '../../fixtures/step-parts.js';
import known from '../../fixtures/text.json' with { type: 'json' };
import type { FoundBox, Point } from '../found.js';
import { cutImage, imageOnDemand, type Region } from '../image/image.js';
import { cropBox } from '../steps/crop-box.js';
import { ctcGreedy } from '../steps/ctc-greedy.js';
import { textBoxesStep } from '../steps/text-boxes.js';
import { traceOfPicture, traceOfResize } from '../trace.js';
import { joinLines } from './join-lines.js';
import type { Corners } from './smallest-rectangle.js';
import { textBoxes } from './text-boxes.js';

const OPTIONS = {
  threshold: 0.3,
  box_threshold: 0.6,
  unclip_ratio: 1.5,
  max_candidates: 1000,
  min_size: 3,
};

/** In pixels of the picture, which is up to 2.6 times as large as its map. */
const ONE_PIXEL = 1;
/** OpenCV draws lines whose slope is a simple fraction a pixel wider on one side. */
const SCORE_ERROR = 0.02;
const ONE_LEVEL = 1;

describe('boxes of a map are those of OpenCV and pyclipper within a pixel', () => {
  test.each(known.maps)('$size in a picture of $picture', (entry) => {
    const found = boxesInPicture(entry);
    expect(found).toHaveLength(entry.boxes.length);
    for (const box of entry.boxes) {
      const off = found.map(({ points }) => largestDifference(points.flat(), box.points.flat()));
      const nearest = off.indexOf(Math.min(...off));
      expect(off[nearest]).toBeLessThanOrEqual(ONE_PIXEL);
      expect(Math.abs((found[nearest] as FoundBox).score - box.score)).toBeLessThan(SCORE_ERROR);
    }
  });
});

function boxesInPicture({
  size,
  picture: [width = 0, height = 0],
  map,
}: (typeof known.maps)[number]) {
  const [mapWidth = 0, mapHeight = 0] = size;
  const data = Float32Array.from(unpack(map), (byte) => byte / 255);
  const outputs = { map: { datatype: 'FP32', shape: [1, 1, mapHeight, mapWidth], data } } as const;
  const picture = imageOnDemand({ width, height, channels: 3 }, () => {
    throw new Error('no pixel is needed to place a box');
  });
  const resized = { width: mapWidth, height: mapHeight };
  const trace = traceOfResize(traceOfPicture(picture), picture, resized);
  const kernel = textBoxesStep.compile(OPTIONS, sourceOf({ tensors: [] }))();
  const items = kernel([{ value: outputs, trace }], callOf()) as readonly { value: FoundBox }[];
  return items.map(({ value }) => value);
}

test('a map without text has no boxes', () => {
  expect(textBoxes(new Float32Array(64 * 64), { width: 64, height: 64 }, OPTIONS)).toEqual([]);
  const nothing = new Float32Array(64 * 64).fill(Number.NaN);
  expect(textBoxes(nothing, { width: 64, height: 64 }, OPTIONS)).toEqual([]);
});

test('of 2,000 boxes the largest 1,000 are found', () => {
  const size = { width: 50 * 20, height: 40 * 12 };
  const map = new Float32Array(size.width * size.height);
  for (let box = 0; box < 2000; box++) {
    const [left, top] = [(box % 50) * 20, Math.floor(box / 50) * 12];
    const isLarge = box % 2 === 0;
    for (let y = 0; y < (isLarge ? 7 : 6); y++) {
      map.fill(0.9, (top + y) * size.width + left, (top + y) * size.width + left + 14);
    }
  }
  const found = textBoxes(map, size, OPTIONS);
  expect(found).toHaveLength(1000);
  // Seven rows at 1.5 times their area over their perimeter: three pixels on either side.
  const heights = found.slice(50).map(({ points: [a, , , d] }) => d[1] - a[1]);
  expect(new Set(heights)).toEqual(new Set([12]));
});

describe('parts of one line become one box', () => {
  const size = { width: 240, height: 120 };
  const word = fc.record({
    left: fc.nat(200),
    top: fc.nat(100),
    length: fc.integer({ min: 8, max: 60 }),
    height: fc.integer({ min: 5, max: 9 }),
  });
  type Word = { left: number; top: number; length: number; height: number };

  function mapOf(words: readonly Word[]): Float32Array {
    const map = new Float32Array(size.width * size.height);
    for (const { left, top, length, height } of words) {
      const last = Math.min(size.height, top + height);
      const right = Math.min(size.width, left + length);
      for (let y = top; y < last; y++) map.fill(0.9, y * size.width + left, y * size.width + right);
    }
    return map;
  }

  const upright = ({ left, top, length, height }: Word): Corners => [
    [left, top],
    [left + length, top],
    [left + length, top + height],
    [left, top + height],
  ];

  const found = (words: readonly Word[]) => textBoxes(mapOf(words), size, OPTIONS);

  test('whatever their order', () => {
    const inAnyOrder = fc
      .array(word, { maxLength: 12 })
      .chain((words) =>
        fc.tuple(fc.constant(words), fc.shuffledSubarray(words, { minLength: words.length })),
      );
    const textOf = (boxes: readonly Word[]) =>
      joinLines(boxes.map(upright)).map((line) =>
        line
          .map((i) => JSON.stringify(boxes[i]))
          .sort()
          .join(),
      );
    fc.assert(
      fc.property(inAnyOrder, ([words, shuffled]) => {
        expect(textOf(shuffled).sort()).toEqual(textOf(words).sort());
      }),
    );
  });

  test('which contains what each alone would have had', () => {
    const gap = fc.integer({ min: 1, max: 12 });
    const apart = fc.tuple(word, word, gap).map(([first, second, gap]): [Word, Word] => {
      const one = { ...first, left: 10, top: 50 };
      const left = one.left + one.length + gap;
      return [one, { ...second, left, top: 50 + (second.top % 3) }];
    });
    fc.assert(
      fc.property(apart, (words) => {
        const [line, ...others] = found(words);
        if (others.length > 0 || !line) return;
        for (const part of words) {
          for (const point of found([part])[0]?.points ?? []) {
            expect(outside(point, line.points)).toBeLessThanOrEqual(1e-6);
          }
        }
      }),
    );
  });

  test('and columns a text height or more apart stay two', () => {
    fc.assert(
      fc.property(word, word, fc.nat(30), (first, second, more) => {
        const one = upright({ ...first, left: 0, top: 50 });
        const left = first.length + Math.min(first.height, second.height) + more;
        const other = upright({ ...second, left, top: 50 });
        expect(joinLines([one, other])).toEqual([[0], [1]]);
      }),
    );
  });

  test('and lines above each other do too', () => {
    const lines = [0, 1, 2].map((i) =>
      upright({ left: 3 * i, top: 18 * i, length: 90, height: 20 }),
    );
    expect(joinLines(lines)).toEqual([[0], [1], [2]]);
  });

  /** How far a point lies beyond the sides of a box, in pixels. */
  function outside([x, y]: Point, corners: Corners): number {
    const beyond = corners.map(([ax, ay], i) => {
      const [bx, by] = corners[(i + 1) % 4] as Point;
      return ((by - ay) * (x - ax) - (bx - ax) * (y - ay)) / Math.hypot(bx - ax, by - ay);
    });
    return Math.max(...beyond);
  }
});

test('a map of noise, with hundreds of thousands of regions, has no box', () => {
  const size = { width: 960, height: 960 };
  const map = Float32Array.from(noise(size.width * size.height, 5), (byte) => byte / 255);
  expect(textBoxes(map, size, { ...OPTIONS, threshold: 0.7 })).toEqual([]);
});

describe('a box cut out of a picture is OpenCV’s within one level', () => {
  const picture = { width: 90, height: 70, channels: 3, data: noise(90 * 70 * 3, 3) } as const;

  test.each(known.crops)('$points', ({ points, size, pixels }) => {
    const crop = cropBox(picture, boxAt(points));
    expect([crop.width, crop.height]).toEqual(size);
    expect(largestDifference(crop.data, unpack(pixels))).toBeLessThanOrEqual(ONE_LEVEL);
  });

  test.each(known.crops)('$points, in parts that never reach far beyond them', ({ points }) => {
    const whole = cropBox(picture, boxAt(points));
    const regions: Region[] = [];
    const watched = imageOnDemand(picture, (region) => {
      regions.push(region);
      const out = new Uint8ClampedArray(region.width * region.height * 3);
      for (let row = 0; row < region.height; row++) {
        const start = ((region.y + row) * 90 + region.x) * 3;
        out.set(picture.data.subarray(start, start + region.width * 3), row * region.width * 3);
      }
      return { data: out, stride: 3 };
    });
    const crop = cropBox(watched, boxAt(points));
    const half = Math.ceil(crop.height / 2);
    const parts = [
      { x: 0, y: 0, width: crop.width, height: half },
      { x: 0, y: half, width: crop.width, height: crop.height - half },
    ];
    const read = parts.flatMap((part) => [...cutImage(crop, part).data]);
    expect(read).toEqual([...whole.data]);
    const xs = points.map(([x = 0]) => x);
    for (const { x, width } of regions) {
      expect(x).toBeGreaterThanOrEqual(Math.min(...xs) - 2);
      expect(x + width - 1).toBeLessThanOrEqual(Math.max(...xs) + 2);
    }
  });
});

describe('symbols of time steps become text', () => {
  test.each(known.decoded)('blank $blank', ({ blank, symbols, probabilities, text, score }) => {
    const data = new Float32Array(unpack(probabilities).buffer);
    const shape = [1, 40, symbols.length + 1];
    const named = [...symbols.slice(0, blank), '', ...symbols.slice(blank)];
    const read = ctcGreedy({ shape, data }, { symbols: named, blank });
    expect(read.text).toBe(text);
    expect(read.score).toBeCloseTo(score, 6);
  });

  test('blanks alone are no text', () => {
    const data = Float32Array.of(0.9, 0.1, 0.8, 0.2);
    const symbols = ['', 'a'];
    expect(ctcGreedy({ shape: [1, 2, 2], data }, { symbols, blank: 0 })).toEqual({
      text: '',
      score: 0,
    });
  });
});

function largestDifference(got: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(got.length).toBe(expected.length);
  return Array.from(got, (value, i) => Math.abs(value - (expected[i] as number))).reduce(
    (most, difference) => Math.max(most, difference),
    0,
  );
}
