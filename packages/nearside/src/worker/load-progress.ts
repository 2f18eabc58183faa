import type { LoadPhase, Progress } from '../shared/api/open-options.js';

/** Shares of an opening on a cold cache: metadata is small but slow, the check is quick. */
const METADATA_SHARE = 0.05;
const TRANSFER_SHARE = 0.85;

type Transferred = 'runtime' | 'weights';

/** Turns what arrives while loading into one ratio that never falls. */
export interface LoadProgress {
  /** Announces bytes that will have to arrive. Those of a runtime may come first, and say nothing of how far it is. */
  expect(phase: Transferred, sizeBytes: number): void;
  arrive(phase: Transferred, sizeBytes: number): void;
  enter(phase: LoadPhase): void;
  finish(): void;
}

export function createLoadProgress(emit: (progress: Progress) => void): LoadProgress {
  let totalBytes = 0;
  let loadedBytes = 0;
  let ratio = 0;
  /** The transfer's share of the ratio; 0 while only the runtime is announced. */
  let share = 0;
  const rate = createRate();

  function tell(phase: LoadPhase, reached: number): void {
    ratio = Math.max(ratio, Math.min(reached, 1));
    emit({ phase, loadedBytes, totalBytes, ratio, bytesPerSecond: rate.perSecond() });
  }

  return {
    expect(phase, sizeBytes) {
      totalBytes += sizeBytes;
      if (phase === 'weights') share = TRANSFER_SHARE;
    },
    arrive(phase, sizeBytes) {
      loadedBytes += sizeBytes;
      if (phase === 'weights') rate.add(sizeBytes); // those of a runtime come all at once
      const arrived = Math.min(1, loadedBytes / Math.max(totalBytes, loadedBytes, 1));
      tell(phase, METADATA_SHARE + share * arrived);
    },
    enter(phase) {
      tell(phase, phase === 'check' ? METADATA_SHARE + TRANSFER_SHARE : 0);
    },
    finish() {
      tell('check', 1);
    },
  };
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
