import { NearsideError } from '@nearside/core';
import type { Sound } from './sound.js';

/** The part of a stream of sound that is still needed. */
export interface StreamWindow {
  /** One array for each channel; none before the first piece. */
  readonly channels: readonly Float32Array<ArrayBuffer>[];
  /** Where in the stream they begin, samples: below 0 for the zeros before it. */
  readonly start: number;
  /** Where in the stream they end, samples. */
  readonly end: number;
  /**
   * @throws NearsideError `input-invalid` for sound of another rate or number of channels than what came before:
   *   then nothing is changed
   */
  add(piece: Sound): void;
  /** Adds silence. */
  addZeros(count: number): void;
  /** Forgets what comes before a place in the stream, samples. */
  forget(before: number): void;
}

/** @param zerosBefore the first sample of the stream, for those that look back */
export function openStreamWindow(zerosBefore: number): StreamWindow {
  let sampleRateHz: number | undefined;
  let channels: readonly Float32Array<ArrayBuffer>[] = [];
  let start = -zerosBefore;
  let end = 0;

  function requireAlike(piece: Sound): void {
    if (piece.sampleRateHz === sampleRateHz && piece.channels.length === channels.length) return;
    throw new NearsideError(
      'input-invalid',
      `Expected a piece like those before it, ${channels.length} × ${sampleRateHz} Hz, got ${piece.channels.length} × ${piece.sampleRateHz} Hz. Begin another stream for it.`,
      { details: { sampleRateHz, got: piece.sampleRateHz } },
    );
  }

  function append(pieces: readonly Float32Array[]): void {
    channels = channels.map((samples, i) => join(samples, pieces[i] as Float32Array));
    end += pieces[0]?.length ?? 0;
  }

  return {
    get channels() {
      return channels;
    },
    get start() {
      return start;
    },
    get end() {
      return end;
    },
    add(piece) {
      if (sampleRateHz === undefined) {
        sampleRateHz = piece.sampleRateHz;
        channels = piece.channels.map(() => new Float32Array(zerosBefore));
      }
      requireAlike(piece);
      append(piece.channels);
    },
    addZeros: (count) => append(channels.map(() => new Float32Array(count))),
    forget(before) {
      const count = Math.min(before, end) - start;
      if (count <= 0) return;
      channels = channels.map((samples) => samples.subarray(count)); // the next piece makes a copy
      start += count;
    },
  };
}

function join(a: Float32Array, b: Float32Array): Float32Array<ArrayBuffer> {
  const joined = new Float32Array(a.length + b.length);
  joined.set(a);
  joined.set(b, a.length);
  return joined;
}
