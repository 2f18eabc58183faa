import { NearsideError } from '@nearside/core';
import { LIMITS } from '../limits.js';

/**
 * Watches how fast the transfers of an opening are together. Each alone may be as slow as `LIMITS.windowBytes`
 * allows, and a hostile server would use that to hold an opening for minutes per file.
 */
export interface Pace {
  /** Aborted with `too-slow` when the transfers have been too slow for `LIMITS.paceMs`. */
  readonly signal: AbortSignal;
  /** Begins to watch transfers. */
  watch(): void;
  /** Ends it: from now on only the limit of each transfer counts. */
  rest(): void;
  begin(): void;
  progress(sizeBytes: number): void;
  end(): void;
}

const TICK_MS = 1_000;

/** Makes a pace. Time without a transfer under way does not count. */
export function createPace(): Pace {
  const tooSlow = new AbortController();
  /** Bytes of each of the last ticks. */
  let ticks: number[] = [];
  let tickBytes = 0;
  let transfers = 0;
  let isWatching = false;
  let timer: ReturnType<typeof setInterval> | undefined;

  function tick(): void {
    ticks = [...ticks, tickBytes].slice(-LIMITS.paceMs / TICK_MS);
    tickBytes = 0;
    const isWhole = ticks.length === LIMITS.paceMs / TICK_MS;
    const sizeBytes = ticks.reduce((sum, bytes) => sum + bytes, 0);
    if (isWhole && sizeBytes < LIMITS.paceBytes) tooSlow.abort(paceError(sizeBytes));
  }

  function update(): void {
    const isRunning = isWatching && transfers > 0;
    if (isRunning) timer ??= setInterval(tick, TICK_MS);
    else clearInterval(timer);
    if (!isRunning) timer = undefined;
  }

  return {
    signal: tooSlow.signal,
    watch() {
      isWatching = true;
      update();
    },
    rest() {
      isWatching = false;
      ticks = [];
      update();
    },
    begin() {
      transfers += 1;
      update();
    },
    progress(sizeBytes) {
      tickBytes += sizeBytes;
    },
    end() {
      transfers -= 1;
      update();
    },
  };
}

function paceError(got: number): NearsideError {
  const { paceMs, paceBytes } = LIMITS;
  return new NearsideError(
    'too-slow',
    `Opening the model: expected at least ${paceBytes} bytes within ${paceMs / 1000} s, got ${got}. ` +
      'They are kept. Try again on a better connection.',
    { details: { paceMs, paceBytes, got }, retryable: true },
  );
}
