import type { CompositionChange } from './composition-change.js';

export const ALARM = Object.freeze({
  /** Share of the alarms of one window that may be false. */
  level: 0.001,
  /** Population stability index less its expectation. People do not act on less. */
  leastEffect: 0.03,
  /** The same of a difference from the lab, which is never quite like the field: from here on the two have little in common. */
  leastFromLab: 0.25,
});

type Changes = readonly (CompositionChange | undefined)[];

/** Changes of a window by distribution: of the whole fleet, and of each of its parts. */
interface WindowChanges {
  readonly whole: Changes;
  readonly parts: readonly Changes[];
}

/** Finds alarms by window, part and distribution. The tests of the parts and of the whole are in one list. */
export function alarmsOfParts(windows: readonly WindowChanges[]): boolean[][][] {
  const alarms = alarmsOf(windows.map(({ whole, parts }) => [whole, ...parts].flat()));
  return windows.map(({ whole: { length }, parts }, i) =>
    parts.map((_, k) => alarms[i]?.slice((k + 1) * length, (k + 2) * length) ?? []),
  );
}

/**
 * Finds, by window, distributions with a significant and large change that was there in the window before too.
 *
 * @param windows in order of time, each with all distributions of the model; undefined where too little was seen
 * @param leastEffect population stability index less its expectation
 */
export function alarmsOf(
  windows: readonly Changes[],
  leastEffect: number = ALARM.leastEffect,
): boolean[][] {
  const changed = windows.map((changes) => changedIn(changes, leastEffect));
  return changed.map((now, i) => now.map((is, k) => is && (changed[i - 1]?.[k] ?? false)));
}

function changedIn(changes: Changes, leastEffect: number): boolean[] {
  const sure = rejected(
    changes.map((change) => change?.pValue ?? 1),
    ALARM.level,
  );
  return changes.map((change, i) => {
    if (!change || !sure[i]) return false;
    return change.psi - change.expectedPsi >= leastEffect;
  });
}

/**
 * Rejects null hypotheses so that at most a share `level` of the rejections is expected to be false. Tests are
 * independent or depend positively (Benjamini and Hochberg 1995).
 */
export function rejected(pValues: readonly number[], level: number): boolean[] {
  const sorted = [...pValues].sort((a, b) => a - b);
  const last = sorted.findLastIndex((p, i) => p <= (level * (i + 1)) / sorted.length);
  const bound = sorted[last];
  return pValues.map((p) => bound !== undefined && p <= bound);
}
