import { NearsideError, type PlatformType } from '@nearside/core';
import type { RawSound } from '@nearside/pipeline';
import { startCapture } from './page/microphone/capture-sound.js';
import { createReaders } from './page/streaming/ordered-pipe.js';
import { asResults, OVER, type Results } from './shared/api/streams.js';
import { checkOptions } from './shared/check-options.js';
import { kindWords } from './shared/kind-words.js';
import {
  ASSETS,
  isPlainObject,
  NO_OPTIONS,
  type OptionKinds,
  ownOptions,
  SIGNAL,
} from './shared/option-kinds.js';

export interface MicrophoneOptions {
  /** Lets go of the microphone; the reader gets `signal.reason`. */
  readonly signal?: AbortSignal | undefined;
  /** Chooses the microphone and how the browser treats its sound, as `audio` of `getUserMedia` does. */
  readonly constraints?: TrackConstraints | undefined;
  /** Folder that holds a copy of `dist/assets`, as for `open`. */
  readonly assets?: string | undefined;
}

/** `MediaTrackConstraints`, taken from a method, because the platform has no value of that name. */
type TrackConstraints = Parameters<PlatformType<'MediaStreamTrack'>['applyConstraints']>[0];

/** A part of what a microphone hears; it follows the one before without a gap. */
export interface MicrophonePiece extends RawSound {
  /** Samples of one channel, from −1 to 1. */
  readonly samples: Float32Array<ArrayBuffer>;
  /** The device's own rate. */
  readonly sampleRateHz: number;
}

/** Unread sound is kept for so long, s. */
const MOST_UNREAD_S = 60;

const KINDS: OptionKinds<keyof MicrophoneOptions> = {
  signal: SIGNAL,
  constraints: { fits: isPlainObject, expected: 'constraints of a track' },
  assets: ASSETS,
};

/**
 * The sound of a microphone, from the first `next()` on, in pieces of some 20 ms. Pieces that were not read in time come
 * as one. The browser asks the user first, and may wait for a click or a key press in the page. Leaving the loop, or
 * `return()`, lets go of the device.
 *
 * `next()` rejects once, and it is over: with `signal.reason`; `microphone-refused` by the user or the page's policy;
 * `microphone-unavailable` where there is none, another app has it, or it was unplugged; `insecure-context`;
 * `assets-unreachable`; `queue-full` when a minute of sound was not read.
 *
 * @throws TypeError for wrong options
 */
export function microphone(given: MicrophoneOptions = NO_OPTIONS): Results<MicrophonePiece> {
  const options = ownOptions(given);
  checkOptions('microphone', options, KINDS, { words: kindWords });
  const { signal, constraints, assets } = options;
  const readers = createReaders<MicrophonePiece>();
  const leaving = new AbortController();
  const unread: Float32Array<ArrayBuffer>[] = [];
  let unreadSamples = 0;
  let sampleRateHz = 0;
  let isBegun = false;
  /** Told when what was heard before is read. */
  let failure: { readonly reason: unknown } | undefined;

  const onAbort = () => end({ reason: signal?.reason });

  function begin(): void {
    isBegun = true;
    signal?.addEventListener('abort', onAbort);
    if (signal?.aborted) {
      onAbort();
      return;
    }
    startCapture({
      constraints,
      assets,
      leaving: leaving.signal,
      onPiece(samples, rateHz) {
        unread.push(samples);
        unreadSamples += samples.length;
        sampleRateHz = rateHz;
        if (unreadSamples > MOST_UNREAD_S * rateHz) fail(notRead());
        hand();
      },
      onFailure: fail,
    });
  }

  function fail(reason: unknown): void {
    failure ??= { reason };
    leaving.abort();
    hand();
  }

  function hand(): void {
    if (readers.areWaiting && unread.length > 0) {
      const samples = joined(unread.splice(0), unreadSamples);
      unreadSamples = 0;
      readers.give({ samples, sampleRateHz });
    }
    if (failure && unread.length === 0) end(failure);
  }

  function end(why?: { readonly reason: unknown }): void {
    signal?.removeEventListener('abort', onAbort);
    leaving.abort();
    unread.length = 0;
    readers.end(why);
  }

  return asResults<MicrophonePiece>({
    next() {
      const next = readers.next();
      if (!isBegun) begin();
      hand();
      return next;
    },
    async return() {
      isBegun = true;
      end();
      readers.leave();
      return OVER;
    },
  });
}

function joined(pieces: Float32Array<ArrayBuffer>[], length: number): Float32Array<ArrayBuffer> {
  const [first] = pieces;
  if (first && pieces.length === 1) return first;
  const whole = new Float32Array(length);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

function notRead(): NearsideError {
  return new NearsideError(
    'queue-full',
    `Expected the microphone's sound to be read, got ${MOST_UNREAD_S} s of it unread. Leave the loop when it is not needed any more.`,
    { retryable: true },
  );
}
