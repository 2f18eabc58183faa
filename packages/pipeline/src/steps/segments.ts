import * as v from 'valibot';
import { openSegmentFinder, type ScoredWindow, type Segment } from '../audio/find-segments.js';
import { requireNumbers } from '../observe-scores.js';
import { defineStep, Misfit } from '../step.js';

/** Where in a sound something was found, such as speech. In a stream, what one piece of it added. */
export interface FoundSound {
  /** Each part that the model scored, in ms from the beginning of the sound or the stream. */
  readonly windows: readonly ScoredWindow[];
  /** Those that are complete: in a stream, each once, with the piece that completed it. */
  readonly segments: readonly Segment[];
  /** In a stream, one that has begun and may go on. It is none after all if it ends too soon. */
  readonly open?: Pick<Segment, 'fromMs'>;
}

/** Silero's, under its names. */
const DEFAULTS = Object.freeze({
  threshold: 0.5,
  minSpeechDurationMs: 250,
  minSilenceDurationMs: 100,
  speechPadMs: 30,
});

const ScoreSchema = v.pipe(v.number(), v.minValue(0), v.maxValue(1));
const DurationSchema = v.pipe(v.number(), v.minValue(0), v.maxValue(3_600_000));

/** How far below `threshold` Silero has `neg_threshold`, unless that is less than 0.01. */
const HYSTERESIS = 0.15;

/** {@link openSegmentFinder}, as a step: a score for each frame → one result for each input, even without frames. */
export const segmentsStep = defineStep({
  name: 'segments',
  parameters: v.strictObject({
    threshold: v.optional(ScoreSchema, DEFAULTS.threshold),
    /** `threshold` less 0.15, and 0.01 at least, by default. */
    neg_threshold: v.optional(ScoreSchema),
    min_speech_duration_ms: v.optional(DurationSchema, DEFAULTS.minSpeechDurationMs),
    min_silence_duration_ms: v.optional(DurationSchema, DEFAULTS.minSilenceDurationMs),
    speech_pad_ms: v.optional(DurationSchema, DEFAULTS.speechPadMs),
  }),
  takes: 'scores',
  gives: 'output',
  items: 'one',
  form({ classes = 1 }, { threshold, neg_threshold = 0 }) {
    if (classes !== 1) throw new Misfit('one score for each frame', `${classes}`);
    if (neg_threshold > threshold) {
      throw new Misfit(`neg_threshold of at most threshold, ${threshold}`, `${neg_threshold}`);
    }
    return {};
  },
  compile: (parameters) => {
    const { threshold, neg_threshold = Math.max(threshold - HYSTERESIS, 0.01) } = parameters;
    return () => {
      const find = openSegmentFinder({
        threshold,
        negThreshold: neg_threshold,
        minSpeechDurationMs: parameters.min_speech_duration_ms,
        minSilenceDurationMs: parameters.min_silence_duration_ms,
        speechPadMs: parameters.speech_pad_ms,
      });
      return (items, { isWhole, observe }) => {
        const windows = items.map(({ value, trace }): ScoredWindow => {
          requireNumbers(value, 1);
          const { fromMs, toMs } = trace.span ?? { fromMs: 0, toMs: 0 };
          return { fromMs, toMs, score: value[0] as number };
        });
        const value: FoundSound = { windows, ...find(windows, isWhole) };
        if (windows.length > 0) {
          observe(
            'confidence',
            windows.reduce((most, { score }) => Math.max(most, score), 0),
          );
          observe('segments', value.segments.length);
        }
        return [{ value, trace: {} }];
      };
    };
  },
});
