import type { LoadPhase, Progress } from './protocol.js';

/** Shares of an opening on a cold cache: metadata is small but slow, the check is quick. */
const METADATA_SHARE = 0.05;
const TRANSFER_SHARE = 0.85;

/** Turns what arrives while loading into one ratio that never falls. */
export interface LoadProgress {
  /** Announces bytes that will have to arrive. */
  expect(sizeBytes: number): void;
  arrive(phase: 'runtime' | 'weights', sizeBytes: number): void;
  enter(phase: LoadPhase): void;
  finish(): void;
}

export function createLoadProgress(emit: (progress: Progress) => void): LoadProgress {
  let totalBytes = 0;
  let loadedBytes = 0;
  let ratio = 0;

  function tell(phase: LoadPhase, reached: number): void {
    ratio = Math.max(ratio, Math.min(reached, 1));
    emit({ phase, loadedBytes, totalBytes, ratio });
  }

  return {
    expect(sizeBytes) {
      totalBytes += sizeBytes;
    },
    arrive(phase, sizeBytes) {
      loadedBytes += sizeBytes;
      const share = Math.min(1, loadedBytes / Math.max(totalBytes, loadedBytes, 1));
      tell(phase, METADATA_SHARE + TRANSFER_SHARE * share);
    },
    enter(phase) {
      tell(phase, phase === 'check' ? METADATA_SHARE + TRANSFER_SHARE : 0);
    },
    finish() {
      tell('check', 1);
    },
  };
}
