import type { Session } from './session.js';

/** Short runs are timed together: a clock outside isolated pages ticks in tenths of a millisecond. */
const BURST_MS = 4;

/** @returns mean time of a run of the sample of every stage, outputs included, ms */
export async function timeSession({ stages }: Pick<Session, 'stages'>): Promise<number> {
  const startMs = performance.now();
  let runs = 0;
  let elapsedMs = 0;
  while (runs === 0 || elapsedMs < BURST_MS) {
    for (const { run, sample } of stages) await run(sample);
    runs += 1;
    elapsedMs = performance.now() - startMs;
  }
  return elapsedMs / runs;
}
