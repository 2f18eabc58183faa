/** How likely it is that a part of the sound is what a model looks for. */
export interface ScoredWindow {
  readonly fromMs: number;
  readonly toMs: number;
  readonly score: number;
}

/** From where to where in the sound, or in the stream. */
export interface Segment {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Under the names of Silero's `get_speech_timestamps`, of which these are the rules. */
export interface SegmentOptions {
  /** A segment begins with a score of at least this. */
  readonly threshold: number;
  /** It goes on until scores are below this. */
  readonly negThreshold: number;
  /** Segments that are not longer are left out. */
  readonly minSpeechDurationMs: number;
  /** From the first score below `negThreshold` to one that ends the segment, with none of `threshold` or more between. */
  readonly minSilenceDurationMs: number;
  /** Added at both ends; two segments share what is between them. */
  readonly speechPadMs: number;
}

/** A piece of a stream added these. */
export interface FoundSegments {
  /** Those that are certain now and were not before: each is given once, in the order of time. */
  readonly segments: readonly Segment[];
  /** One that has begun and may go on. It is none after all if it ends within `minSpeechDurationMs`. */
  readonly open?: Pick<Segment, 'fromMs'>;
}

/** @param isEnd whether nothing comes after these windows: what is open ends there */
export type SegmentFinder = (windows: readonly ScoredWindow[], isEnd: boolean) => FoundSegments;

/** Scores over time → segments, with hysteresis. Windows follow each other, also from call to call. */
export function openSegmentFinder(options: SegmentOptions): SegmentFinder {
  const { threshold, negThreshold, minSpeechDurationMs, minSilenceDurationMs, speechPadMs } =
    options;
  /** Where the segment began that goes on, without its padding. */
  let begun: number | undefined;
  /** Where its scores fell below `negThreshold`, if they have not risen to `threshold` since. */
  let quietFrom: number | undefined;
  /** The last that has ended: how far its padding goes depends on where the next begins. */
  let ended: Segment | undefined;
  /** Where the sound ends, as far as it is known. */
  let heardMs = 0;

  function fromPadded(fromMs: number): number {
    const room = ended ? (fromMs - ended.toMs) / 2 : fromMs;
    return fromMs - Math.min(speechPadMs, room);
  }

  /** The last one, once it is certain how far it goes. */
  function settle(nextFromMs = Number.POSITIVE_INFINITY): Segment[] {
    if (!ended) return [];
    const { fromMs, toMs } = ended;
    const end = Math.min(toMs + Math.min(speechPadMs, (nextFromMs - toMs) / 2), heardMs);
    ended = undefined;
    return [{ fromMs, toMs: end }];
  }

  function close(toMs: number): Segment[] {
    const fromMs = begun as number;
    begun = undefined;
    quietFrom = undefined;
    if (toMs - fromMs <= minSpeechDurationMs) return [];
    const padded = fromPadded(fromMs);
    const before = settle(fromMs);
    ended = { fromMs: padded, toMs };
    return before;
  }

  /** No segment that begins from now on can shorten the padding of the last. */
  function settleIfFar(nowMs: number): Segment[] {
    const isFar = begun === undefined && ended && nowMs >= ended.toMs + 2 * speechPadMs;
    return isFar ? settle() : [];
  }

  function take({ fromMs, toMs, score }: ScoredWindow): Segment[] {
    heardMs = toMs;
    const settled = settleIfFar(fromMs);
    if (score >= threshold) {
      quietFrom = undefined;
      begun ??= fromMs;
    } else if (score < negThreshold && begun !== undefined) {
      quietFrom ??= fromMs;
      if (fromMs - quietFrom >= minSilenceDurationMs) {
        settled.push(...close(quietFrom), ...settleIfFar(fromMs));
      }
    }
    return settled;
  }

  return (windows, isEnd) => {
    const segments = windows.flatMap(take);
    if (isEnd) {
      if (begun !== undefined) segments.push(...close(heardMs));
      segments.push(...settle());
    }
    return begun === undefined ? { segments } : { segments, open: { fromMs: fromPadded(begun) } };
  };
}
