import type { ModelSpec } from '@nearside/core';
import { array, assert, constantFrom, integer, property, record } from 'fast-check';
import { expect, test, vi } from 'vitest';
import { LIBRARY_VERSION } from '../../../shared/library-version.js';
import { browserName } from '../page-mark.js';
import { withDeaths } from './deaths.js';
import { DAY_MS, type Death, type DeviceRecord } from './device-record.js';
import {
  allowedBy,
  type Care,
  type Circumstances,
  decide,
  isKeptFrom,
  isLight,
  needsOneThread,
} from './ladder.js';

const NOW_MS = 100 * DAY_MS;
const HOUR_MS = DAY_MS / 24;

const VARIANTS = [
  { name: 'fp32', runtime: 'onnx', memoryBytes: 300 },
  { name: 'int8', runtime: 'onnx', memoryBytes: 100 },
  { name: 'uint8', runtime: 'tfjs', memoryBytes: 200 },
] as unknown as ModelSpec['variants'];
const ONE = VARIANTS.slice(0, 1) as unknown as ModelSpec['variants'];

const SPEC = { sequence: 2, variants: VARIANTS };

const FP32 = { backend: 'onnx-wasm', variant: 'fp32' } as const;
const INT8 = { backend: 'onnx-wasm', variant: 'int8' } as const;
const UINT8 = { backend: 'tfjs-wasm', variant: 'uint8' } as const;
const ON_GPU = { backend: 'onnx-webgpu', variant: 'fp32' } as const;

const WHERE: Circumstances = {
  nowMs: NOW_MS,
  sequence: 2,
  hasPrevious: false,
  adapter: 'a gpu',
  forced: undefined,
  backends: ['tfjs-wasm', 'onnx-wasm'],
};

/** A death an hour ago, or as many hours ago as said. */
function death({ hoursAgo = 1, ...given }: Partial<Death> & { hoursAgo?: number } = {}): Death {
  return {
    phase: 'loading',
    ...FP32,
    sequence: 2,
    version: '2.0.0',
    variants: VARIANTS,
    threads: 4,
    browser: browserName(),
    library: LIBRARY_VERSION,
    adapter: 'a gpu',
    isLasting: false,
    isSettled: true,
    isTaken: false,
    atMs: NOW_MS - hoursAgo * HOUR_MS,
    ...given,
  };
}

function opened(
  care: Care,
  variants = VARIANTS,
  backends: Circumstances['backends'] = WHERE.backends,
) {
  const [first] = allowedBy(care, { sequence: 2, variants }, backends);
  return { ...first, threads: needsOneThread(care) ? 1 : 4, isAlone: isLight(care) };
}

const CASES: readonly [string, Death[], Partial<Circumstances>, object | 'page-lost'][] = [
  [
    'one death: another contender, on one thread and alone',
    [death()],
    {},
    { ...UINT8, threads: 1, isAlone: true },
  ],
  [
    'one death, and there is no other: the same on one thread',
    [death({ variants: ONE })],
    {},
    { ...FP32, threads: 1 },
  ],
  [
    'one death of all there is, on one thread: the same once more, alone',
    [death({ variants: ONE, threads: 1, phase: 'running' })],
    {},
    { ...FP32, threads: 1, isAlone: true },
  ],
  [
    'two such deaths: none',
    [death({ variants: ONE, threads: 1, hoursAgo: 2 }), death({ variants: ONE, threads: 1 })],
    {},
    'page-lost',
  ],
  ['one death on a GPU: wasm', [death(ON_GPU)], {}, { ...UINT8, threads: 1 }],
  [
    'two deaths: the variant with the least memory',
    [death({ hoursAgo: 2 }), death({ ...UINT8, threads: 1 })],
    {},
    { ...INT8, threads: 1 },
  ],
  [
    'two deaths, the second of what rung 2 opens: none',
    [death({ hoursAgo: 2 }), death({ ...INT8, threads: 1 })],
    {},
    'page-lost',
  ],
  [
    'two deaths of what rung 2 opens, with more threads: it is tried with one',
    [death({ ...INT8, hoursAgo: 2 }), death(UINT8)],
    {},
    { ...INT8, threads: 1 },
  ],
  [
    'three deaths: none',
    [death({ hoursAgo: 3 }), death({ hoursAgo: 2 }), death()],
    {},
    'page-lost',
  ],
  [
    'a death a day ago: nothing',
    [death({ hoursAgo: 24 })],
    {},
    { ...UINT8, threads: 4, isAlone: false },
  ],
  [
    'three deaths, the last a day ago: one try, the lightest',
    [death({ hoursAgo: 27 }), death({ hoursAgo: 26 }), death({ hoursAgo: 25 })],
    {},
    { ...INT8, threads: 1 },
  ],
  [
    'that try died too: none for another day',
    [
      death({ hoursAgo: 50 }),
      death({ hoursAgo: 49 }),
      death({ hoursAgo: 48 }),
      death({ ...INT8, threads: 1 }),
    ],
    {},
    'page-lost',
  ],
  [
    'deaths beside runs are no rung',
    [death({ phase: 'tuning' }), death({ phase: 'warming' }), death({ phase: 'updating' })],
    {},
    { ...UINT8, threads: 4, isAlone: false },
  ],
  [
    'a version that is new here: the same contender on one thread',
    [death({ isSettled: false })],
    {},
    { ...FP32, threads: 1, isAlone: true },
  ],
  [
    'a new version died twice: the lightest, where no version is before it',
    [death({ isSettled: false, hoursAgo: 2 }), death({ isSettled: false })],
    {},
    { ...INT8, threads: 1 },
  ],
  [
    'a new version died twice, no version is before it, and the lightest on one thread is what died: none',
    [
      death({ isSettled: false, variants: ONE, hoursAgo: 2 }),
      death({ isSettled: false, variants: ONE, threads: 1 }),
    ],
    {},
    'page-lost',
  ],
  [
    'a new version died twice, and then the one before it, which served: none',
    [
      death({ isSettled: false, sequence: 3, hoursAgo: 3 }),
      death({ isSettled: false, sequence: 3, hoursAgo: 2 }),
      death({ threads: 1 }),
    ],
    {},
    'page-lost',
  ],
  [
    'a new version died three times, and the one before it serves: nothing',
    [3, 2, 1].map((hoursAgo) => death({ isSettled: false, sequence: 3, hoursAgo })),
    {},
    { ...UINT8, threads: 4, isAlone: false },
  ],
  [
    'a new version died, and another one serves by now: nothing',
    [death({ isSettled: false, sequence: 3 })],
    {},
    { ...UINT8, threads: 4, isAlone: false },
  ],
  [
    'a forced backend died: the same backend on one thread',
    [death()],
    { forced: 'onnx-wasm', backends: ['onnx-wasm'] },
    { ...FP32, threads: 1 },
  ],
  [
    'a forced backend died twice: none',
    [death({ hoursAgo: 2 }), death({ threads: 1 })],
    { forced: 'onnx-wasm', backends: ['onnx-wasm'] },
    'page-lost',
  ],
  [
    'another backend than the forced one died: nothing',
    [death(UINT8)],
    { forced: 'onnx-wasm', backends: ['onnx-wasm'] },
    { ...FP32, threads: 4 },
  ],
  [
    'a death before a version was known: one thread',
    [death({ variant: undefined, variants: undefined, sequence: undefined })],
    {},
    { threads: 1, isAlone: true },
  ],
];

for (const [name, deaths, where, expected] of CASES) {
  test(name, () => {
    const circumstances = { ...WHERE, ...where };
    const care = decide(deaths, circumstances);
    const variants = deaths.at(-1)?.variants ?? VARIANTS;
    if (expected === 'page-lost') expect(care.rung).toBe(3);
    else {
      expect(care.rung).toBeLessThan(3);
      expect(opened(care, variants, circumstances.backends)).toMatchObject(expected);
    }
  });
}

test('a new version that died twice gives way to the one before it, which serves as ever', () => {
  const care = decide([death({ isSettled: false, hoursAgo: 2 }), death({ isSettled: false })], {
    ...WHERE,
    hasPrevious: true,
  });
  expect(care.goesBackFrom).toEqual({ version: '2.0.0', sequence: 2 });
});

test('the second death of a contender with as many threads within 30 days lasts, in the same circumstances alone', () => {
  const place = { nowMs: NOW_MS, adapter: 'a gpu' };
  const known = {
    deaths: [death({ hoursAgo: 29 * 24, threads: 1 })],
    runs: [{ sequence: 2, good: 3, last: [] }],
  };
  const { deaths } = withDeaths(known, [{ ...death(), backend: 'onnx-wasm', threads: 1 }], place);
  expect(deaths.map(({ isLasting }) => isLasting)).toEqual([false, true]);
  const later = { ...WHERE, nowMs: NOW_MS + 60 * DAY_MS };
  const contenders = (where: Circumstances) =>
    allowedBy(
      decide(deaths, where),
      { sequence: where.sequence, variants: VARIANTS },
      WHERE.backends,
    );
  expect(contenders(later)).not.toContainEqual(FP32);
  expect(contenders(later)).toContainEqual(INT8);
  expect(contenders({ ...later, sequence: 3 })).toContainEqual(FP32);
  const another = deaths.map((one) => ({ ...one, browser: 'another' }));
  expect(allowedBy(decide(another, later), SPEC, WHERE.backends)).toContainEqual(FP32);
});

test('what died for good is opened never again, not even where nothing else is left', () => {
  const care = decide([death({ isLasting: true, threads: 1, variants: ONE, hoursAgo: 40 })], WHERE);
  expect(allowedBy(care, { sequence: 2, variants: ONE }, WHERE.backends)).toEqual([]);
});

test('on a GPU a lasting death holds for that GPU', () => {
  const gone = death({ ...ON_GPU, threads: 1, isLasting: true, hoursAgo: 48 });
  const backends = ['onnx-webgpu', 'onnx-wasm'] as const;
  expect(allowedBy(decide([gone], WHERE), SPEC, backends)).not.toContainEqual(ON_GPU);
  const elsewhere = { ...WHERE, adapter: 'another gpu' };
  expect(allowedBy(decide([gone], elsewhere), SPEC, backends)).toContainEqual(ON_GPU);
});

test('a death while tuning, warming or updating keeps that contender from that, for a day', () => {
  for (const phase of ['tuning', 'warming', 'updating'] as const) {
    const care = decide([death({ phase })], WHERE);
    expect(isKeptFrom(care, phase, FP32)).toBe(true);
    expect(isKeptFrom(care, phase, INT8)).toBe(false);
    const others = (['tuning', 'warming', 'updating'] as const).filter((one) => one !== phase);
    for (const other of others) expect(isKeptFrom(care, other, FP32)).toBe(false);
    const nextDay = { ...WHERE, nowMs: NOW_MS + DAY_MS };
    expect(isKeptFrom(decide([death({ phase })], nextDay), phase, FP32)).toBe(false);
  }
});

test('work beside runs that died before its variant was known, or three times of whatever, is left out for a day', () => {
  const unknown = decide([death({ phase: 'tuning', variant: undefined })], WHERE);
  expect(isKeptFrom(unknown, 'tuning', FP32)).toBe(true);
  expect(isKeptFrom(unknown, 'tuning', INT8)).toBe(true); // on the same backend
  expect(isKeptFrom(unknown, 'tuning', UINT8)).toBe(false);
  const each = [FP32, INT8, ON_GPU].map((one) => death({ phase: 'tuning', ...one }));
  expect(isKeptFrom(decide(each.slice(1), WHERE), 'tuning', UINT8)).toBe(false);
  expect(isKeptFrom(decide(each, WHERE), 'tuning', UINT8)).toBe(true);
  expect(isKeptFrom(decide(each, WHERE), 'warming', UINT8)).toBe(false);
  const nextDay = { ...WHERE, nowMs: NOW_MS + DAY_MS };
  expect(isKeptFrom(decide(each, nextDay), 'tuning', UINT8)).toBe(false);
});

test('whatever dies, at most three deaths a day are needed until nothing is opened, and none the next day', () => {
  const dying = record({
    phase: constantFrom('opening', 'loading', 'running'),
    hoursAgo: integer({ min: 0, max: 23 }),
    contender: constantFrom(FP32, INT8, UINT8, ON_GPU),
    threads: constantFrom(1, 4),
    isSettled: constantFrom(true, false),
  });
  void assert(
    property(array(dying, { minLength: 3, maxLength: 8 }), (all) => {
      const deaths = all
        .map(({ phase, contender, ...rest }) =>
          death({ phase: phase as Death['phase'], ...contender, ...rest }),
        )
        .sort((a, b) => a.atMs - b.atMs);
      expect(decide(deaths, WHERE).rung).toBe(3);
      expect(decide(deaths, { ...WHERE, nowMs: NOW_MS + DAY_MS }).rung).toBe(2);
      expect(decide(deaths, { ...WHERE, nowMs: NOW_MS + 31 * DAY_MS }).rung).toBe(0);
    }),
  );
});

/** A device on which the page dies at each visit, whatever is opened. @returns hours at which it was opened, and died */
function dieAlways(
  atHours: readonly number[],
  how: {
    variants: ModelSpec['variants'];
    isSettled: boolean;
    threads: number;
    hasPrevious: boolean;
  },
): number[] {
  let known: DeviceRecord = {
    deaths: [],
    runs: [{ sequence: how.isSettled ? 2 : 1, good: 3, last: [] }],
  };
  let versions = { sequence: 2, hasPrevious: how.hasPrevious };
  const died: number[] = [];
  for (const hour of atHours) {
    const place = { nowMs: NOW_MS + hour * HOUR_MS, adapter: 'a gpu' };
    const care = decide(known.deaths, { ...WHERE, ...place, ...versions });
    if (care.rung === 3) continue;
    if (care.goesBackFrom) versions = { sequence: 1, hasPrevious: false };
    const { sequence } = versions;
    const spec = { sequence, variants: how.variants };
    const caution: Care = care.goesBackFrom ? { ...care, rung: 0 } : care; // as `open-after-deaths.ts` has it
    const [contender] = allowedBy(caution, spec, WHERE.backends);
    if (!contender) continue;
    died.push(hour);
    const asked = needsOneThread(care) ? 1 : how.threads;
    const threads = contender.backend === 'onnx-wasm' ? asked : 1;
    const one = death({ ...spec, ...contender, threads, atMs: place.nowMs });
    known = withDeaths(known, [one], place);
  }
  return died;
}

test('a page that dies whatever it opens dies three times a day at most, in 20 visits after that never, and then once a day', () => {
  vi.stubGlobal('crossOriginIsolated', true);
  const visits = Array.from({ length: 23 }, (_, hour) => hour);
  for (let day = 1; day < 30; day += 1) visits.push(24 * day, 24 * day + 1, 24 * day + 22);
  for (const variants of [VARIANTS, ONE])
    for (const isSettled of [true, false])
      for (const threads of [1, 4])
        for (const hasPrevious of [true, false]) {
          const how = { variants, isSettled, threads, hasPrevious };
          const died = dieAlways(visits, how);
          const first = died.filter((hour) => hour < 24);
          expect(first.length, JSON.stringify(how)).toBeLessThanOrEqual(3);
          expect(first).toEqual(visits.slice(0, first.length));
          for (let day = 1; day < 30; day += 1) {
            const ofDay = died.filter((hour) => hour >= 24 * day && hour < 24 * (day + 1));
            expect(ofDay.length, `day ${day} of ${JSON.stringify(how)}`).toBeLessThanOrEqual(1);
          }
        }
  vi.unstubAllGlobals();
});
