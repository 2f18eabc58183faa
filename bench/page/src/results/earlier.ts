import { type BenchResult, parseResult } from './result.ts';

const KEY = 'nearside-benchmark';

/** Keeps the last result on this device. @returns whether the browser lets it */
export function keepEarlier(result: BenchResult): boolean {
  try {
    localStorage.setItem(KEY, JSON.stringify(result));
    return true;
  } catch {
    return false; // storage is blocked, or full: a run goes on without
  }
}

/** @returns undefined where there is none, or none that this page can read */
export function readEarlier(): BenchResult | undefined {
  try {
    const kept = localStorage.getItem(KEY);
    return kept === null ? undefined : parseResult(kept);
  } catch {
    return undefined;
  }
}
