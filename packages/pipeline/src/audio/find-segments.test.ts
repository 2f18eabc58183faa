import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import known from '../../fixtures/audio.json' with { type: 'json' };
import { scores } from '../../fixtures/sound.js';
import { openSegmentFinder, type ScoredWindow, type SegmentOptions } from './find-segments.js';

const { windows: COUNT, windowMs, cases } = known.segmented;

const windowsOf = (values: readonly number[]): ScoredWindow[] =>
  values.map((score, i) => ({ fromMs: i * windowMs, toMs: (i + 1) * windowMs, score }));

const DEFAULTS: SegmentOptions = {
  threshold: 0.5,
  negThreshold: 0.35,
  minSpeechDurationMs: 250,
  minSilenceDurationMs: 100,
  speechPadMs: 30,
};

function optionsFrom(named: Record<string, number | undefined>): SegmentOptions {
  const { threshold = 0.5, neg_threshold = threshold - 0.15 } = named;
  return {
    threshold,
    negThreshold: neg_threshold,
    minSpeechDurationMs: named.min_speech_duration_ms ?? DEFAULTS.minSpeechDurationMs,
    minSilenceDurationMs: named.min_silence_duration_ms ?? DEFAULTS.minSilenceDurationMs,
    speechPadMs: named.speech_pad_ms ?? DEFAULTS.speechPadMs,
  };
}

describe('segments are those of Silero’s rules over the whole', () => {
  test.each(cases)('$parameters, seed $seed', ({ parameters, seed, expected }) => {
    const find = openSegmentFinder(optionsFrom(parameters));
    const { segments, open } = find(windowsOf(scores(COUNT, seed)), true);
    const found = segments.map(({ fromMs, toMs }) => [fromMs, toMs]);
    expect(found).toEqual(expected);
    expect(open).toBeUndefined();
  });
});

const OPTIONS = fc
  .record({
    threshold: fc.double({ min: 0.3, max: 0.7, noNaN: true }),
    apart: fc.double({ min: 0, max: 0.3, noNaN: true }),
    minSpeechDurationMs: fc.nat(300),
    minSilenceDurationMs: fc.nat(200),
    speechPadMs: fc.nat(150),
  })
  .map(({ apart, ...options }) => ({ ...options, negThreshold: options.threshold - apart }));

test('in pieces, each segment of the whole is given once, in order, as soon as it is certain', () => {
  const values = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 80 });
  const cuts = fc.array(fc.nat(80), { maxLength: 8 });
  fc.assert(
    fc.property(OPTIONS, values, cuts, (options, scored, places) => {
      const windows = windowsOf(scored);
      const whole = openSegmentFinder(options)(windows, true).segments;
      const edges = [0, ...places, windows.length].map((at) => Math.min(at, windows.length));
      edges.sort((a, b) => a - b);
      const find = openSegmentFinder(options);
      const found = edges
        .slice(1)
        .map((to, i) => find(windows.slice(edges[i], to), i === edges.length - 2))
        .flatMap(({ segments }) => segments);
      expect(found).toEqual(whole);
    }),
  );
});

test('speech that goes on is open, and complete once it was quiet long enough', () => {
  const find = openSegmentFinder(DEFAULTS);
  const piece = (from: number, values: number[]) =>
    values.map((score, i) => {
      const fromMs = (from + i) * windowMs;
      return { fromMs, toMs: fromMs + windowMs, score };
    });
  expect(find(piece(0, [0, 0]), false)).toEqual({ segments: [] });
  expect(find(piece(2, Array(10).fill(0.9)), false)).toEqual({
    segments: [],
    open: { fromMs: 64 - 30 },
  });
  expect(find(piece(12, [0.4, 0.2, 0.2, 0.2]), false)).toEqual({
    segments: [],
    open: { fromMs: 64 - 30 },
  });
  expect(find(piece(16, [0.4, 0.2]), false)).toEqual({
    segments: [{ fromMs: 64 - 30, toMs: 13 * windowMs + 30 }],
  });
  expect(find([], true)).toEqual({ segments: [] });
});

test('speech that is over too soon is none', () => {
  const find = openSegmentFinder(DEFAULTS);
  const scored = windowsOf([0.9, 0.9, 0, 0, 0, 0, 0, 0]);
  expect(find(scored.slice(0, 2), false).open).toEqual({ fromMs: 0 });
  expect(find(scored.slice(2), false)).toEqual({ segments: [] });
});
