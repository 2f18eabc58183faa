import { requireFewFrames, type Sound } from './sound.js';
import { openStreamWindow } from './stream-window.js';

export interface FrameOptions {
  /** Samples of a frame that are new, where frames do not overlap. */
  readonly frameLength: number;
  /** Samples from the beginning of one frame to that of the next. */
  readonly hopLength: number;
  /** Samples before each frame that it begins with; zeros before the sound. */
  readonly context: number;
  /** True where the samples left at the end become a frame, filled up with zeros. */
  readonly pad: boolean;
}

/** A part of a stream, and where in it, without its context. */
export interface Frame {
  /** `context + frameLength` samples. */
  readonly sound: Sound;
  readonly fromMs: number;
  /** At most where the sound ends. */
  readonly toMs: number;
}

/** @param isEnd whether nothing comes after the piece */
export type Framer = (piece: Sound, isEnd: boolean) => readonly Frame[];

/**
 * Cuts a stream of sound into frames, none to many from each piece; what is left over waits for the next.
 *
 * @throws NearsideError `input-invalid` for a piece of another rate or number of channels than those before it;
 *   `input-too-large` for more frames of a piece than {@link requireFewFrames} allows
 */
export function openFramer({ frameLength, hopLength, context, pad }: FrameOptions): Framer {
  const window = openStreamWindow(context);
  /** Where the next frame begins. */
  let next = 0;

  return (piece, isEnd) => {
    window.add(piece);
    const { sampleRateHz } = piece;
    const { end } = window;
    const frames: Frame[] = [];

    function cut(): void {
      const at = next - context - window.start;
      const channels = window.channels.map((samples) =>
        samples.subarray(at, at + context + frameLength),
      );
      const toMs = msOf(Math.min(next + frameLength, end), sampleRateHz);
      frames.push({ sound: { channels, sampleRateHz }, fromMs: msOf(next, sampleRateHz), toMs });
      next += hopLength;
    }

    const count = Math.floor((end - next - frameLength) / hopLength) + 1;
    requireFewFrames(count, { values: (context + frameLength) * piece.channels.length });
    while (next + frameLength <= end) cut();
    const covered = next === 0 ? 0 : next - hopLength + frameLength;
    if (isEnd && pad && next < end && covered < end) {
      window.addZeros(next + frameLength - end);
      cut();
    }
    window.forget(next - context);
    return frames;
  };
}

/** Exact wherever a sample lies at whole milliseconds. */
function msOf(samples: number, sampleRateHz: number): number {
  return (samples * 1000) / sampleRateHz;
}
