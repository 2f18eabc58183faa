import type { LoadPhase, Progress } from '../shared/api/open-options.js';

/** Shares of an opening on a cold cache: metadata is small but slow, the check is quick. */
const METADATA_SHARE = 0.05;
const TRANSFER_SHARE = 0.85;

/** The ratio when a session is there: that takes about as long as its check. */
const STARTED = 0.95;

/** How often the ratio is told while nobody sees what comes, ms. */
const TICK_MS = 50;

/** A line of which nothing is known: that of a mobile phone, bytes per second. */
const USUAL_BYTES_PER_SECOND = 1_000_000;

type Transferred = 'runtime' | 'weights';

/** Turns what arrives while loading into one ratio that never falls. */
export interface LoadProgress {
  /**
   * Says how many bytes will have to arrive. Those of a runtime, its worker's among them, may be known first, and say
   * nothing of how far it is.
   */
  expect(phase: Transferred, sizeBytes: number): void;
  /** @param sizeBytes by default all that are left */
  arrive(phase: Transferred, sizeBytes?: number): void;
  /**
   * From now on the runtime's wasm comes, and nobody sees how much of it: the ratio goes on by the clock.
   *
   * @param sentBytes its size as it is sent; 0 where the server does not say
   * @param cameBeside it shared the line with the worker's own file, so as much of it is there, and the line is twice as fast
   * @returns a function that ends this
   */
  comesUnseen(sentBytes: number, cameBeside?: boolean): () => void;
  enter(phase: LoadPhase): void;
  /** The runtime has the weights, and answers are checked. */
  started(): void;
  finish(): void;
}

/** @param ownFile the worker's own, which is there */
export function createLoadProgress(
  emit: (progress: Progress) => void,
  ownFile: OwnFile = UNKNOWN_FILE,
): LoadProgress {
  const expected = { runtime: ownFile.sizeBytes, weights: 0 };
  const loaded = { ...expected };
  /** Bytes of the runtime that are thought to be there. */
  let unseenBytes = 0;
  /** The line's rate, as far as it was seen. */
  let seenPerSecond = ownFile.bytesPerSecond;
  let bytesPerSecond = seenPerSecond || USUAL_BYTES_PER_SECOND;
  let ratio = 0;
  /** The transfer's share of the ratio; 0 while only the runtime is announced. */
  let share = 0;
  const rate = createRate();

  function tell(phase: LoadPhase, reached: number): void {
    ratio = Math.max(ratio, Math.min(reached, 1));
    const [loadedBytes, totalBytes] = [both(loaded), both(expected)];
    emit({ phase, loadedBytes, totalBytes, ratio, bytesPerSecond: rate.perSecond() });
  }

  function tellTransfer(phase: Transferred): void {
    const loadedBytes = both(loaded) + unseenBytes;
    const arrived = Math.min(1, loadedBytes / Math.max(both(expected), loadedBytes, 1));
    tell(phase, METADATA_SHARE + share * arrived);
  }

  return {
    expect(phase, sizeBytes) {
      expected[phase] = sizeBytes;
      if (phase === 'weights') share = TRANSFER_SHARE;
    },
    arrive(phase, sizeBytes) {
      loaded[phase] += sizeBytes ?? Math.max(0, expected[phase] - loaded[phase]);
      if (phase === 'weights' && sizeBytes) {
        rate.add(sizeBytes);
        bytesPerSecond = Math.max(seenPerSecond, rate.perSecond()) || bytesPerSecond;
      }
      tellTransfer(phase);
    },
    comesUnseen(sentBytes, cameBeside) {
      if (cameBeside) {
        seenPerSecond = 2 * ownFile.bytesPerSecond;
        bytesPerSecond = seenPerSecond || bytesPerSecond;
      }
      if (sentBytes > 0) expected.runtime = loaded.runtime + sentBytes;
      const sizeBytes = Math.max(1, expected.runtime - loaded.runtime);
      let dueBytes = cameBeside ? ownFile.sizeBytes : 0;
      let sinceMs = performance.now();
      const timer = setInterval(() => {
        const nowMs = performance.now();
        const isAlone = loaded.weights >= expected.weights;
        dueBytes += ((nowMs - sinceMs) / 1000) * bytesPerSecond * (isAlone ? 1 : 0.5);
        sinceMs = nowMs;
        unseenBytes = sizeBytes * shareThere(dueBytes / sizeBytes);
        // While nobody knows how large the weights are, they count as large as the runtime.
        if (share === 0)
          tell('metadata', METADATA_SHARE + (TRANSFER_SHARE * unseenBytes) / (2 * sizeBytes));
        else tellTransfer(isAlone ? 'runtime' : 'weights');
      }, TICK_MS);
      return () => {
        clearInterval(timer);
        unseenBytes = 0;
      };
    },
    enter(phase) {
      tell(phase, phase === 'check' ? METADATA_SHARE + TRANSFER_SHARE : 0);
    },
    started() {
      tell('check', STARTED);
    },
    finish() {
      tell('check', 1);
    },
  };
}

function both({ runtime, weights }: Record<Transferred, number>): number {
  return runtime + weights;
}

/**
 * How much of a file is thought to be there.
 *
 * @param due share that is due by the clock: above 1 where the line is slower than it was
 * @returns the same up to 0.9, then ever less, and never 1
 */
function shareThere(due: number): number {
  return due < 0.9 ? due : 1 - 0.01 / (due - 0.8);
}

/** The rate is that of the last seconds, so that it follows a train into a tunnel. */
const RATE_WINDOW_MS = 3_000;

function createRate() {
  let arrivals: { readonly atMs: number; readonly sizeBytes: number }[] = [];
  return {
    add(sizeBytes: number) {
      const nowMs = performance.now();
      arrivals = arrivals.filter(({ atMs }) => nowMs - atMs < RATE_WINDOW_MS);
      arrivals.push({ atMs: nowMs, sizeBytes });
    },
    perSecond(): number {
      const [first] = arrivals;
      const elapsedMs = first ? performance.now() - first.atMs : 0;
      if (elapsedMs < 100) return 0; // too short to tell
      const sizeBytes = arrivals.reduce((sum, arrival) => sum + arrival.sizeBytes, 0);
      return Math.round((sizeBytes / elapsedMs) * 1000);
    },
  };
}

/** How the worker's own file came over the network. */
export interface OwnFile {
  /** As it was sent; 0 where it came from a cache, or the browser does not say. */
  readonly sizeBytes: number;
  /** 0 where it is unknown. */
  readonly bytesPerSecond: number;
}

const UNKNOWN_FILE: OwnFile = { sizeBytes: 0, bytesPerSecond: 0 };

/** The first flight of an answer, which comes with its headers: ten segments (RFC 6928). */
const FIRST_FLIGHT_BYTES = 14_600;

/** @param timings entries of Resource Timing, as JSON: only the page has them */
export function readOwnFile(timings: string | undefined): OwnFile {
  const [timing] = JSON.parse(timings ?? '[]') as readonly PerformanceResourceTiming[];
  if (!timing) return UNKNOWN_FILE;
  const { encodedBodySize: sizeBytes, transferSize, responseStart, responseEnd } = timing;
  if (transferSize < sizeBytes) return UNKNOWN_FILE; // from a cache
  const seconds = (responseEnd - responseStart) / 1000;
  const bytes = sizeBytes - FIRST_FLIGHT_BYTES;
  return { sizeBytes, bytesPerSecond: bytes > 0 && seconds > 0 ? bytes / seconds : 0 };
}
