import { differenceFromLab } from '../statistics/composition-change.js';
import { ALARM, alarmsOf } from '../statistics/drift-alarm.js';
import { type SeededDraws, seededDraws } from './seeded-draws.js';

/** Shares of the bins in the lab. */
export const SHARES = [0.1, 0.2, 0.3, 0.25, 0.15];

/** Counts by cohort of a fleet whose devices each see a part of the bins alone: together they see what `tilt` says. */
export function field(draws: SeededDraws, { devices = 400, seen = 10, tilt = SHARES } = {}) {
  const cohorts = Array.from({ length: 64 }, () => new Array<number>(SHARES.length).fill(0));
  for (let device = 0; device < devices; device += 1) {
    const counts = cohorts[draws.below(64)] as number[];
    const isLow = draws.bin(tilt) < 3;
    const own = tilt.map((share, i) => (isLow === i < 3 ? share : 0));
    for (let i = 0; i < seen; i += 1) {
      const bin = draws.bin(own);
      counts[bin] = (counts[bin] as number) + 1;
    }
  }
  return cohorts;
}

/** The lab's counts by bin: so many samples that are independent of each other. */
export function lab(draws: SeededDraws, n: number): number[] {
  const counts = new Array<number>(SHARES.length).fill(0);
  for (let i = 0; i < n; i += 1) {
    const bin = draws.bin(SHARES);
    counts[bin] = (counts[bin] as number) + 1;
  }
  return counts;
}

/** Share of fleets that are called far from the lab in one of their windows or more. Their field has these shares. */
export function shareFar(
  tilt: readonly number[],
  asked: { readonly fleets: number; readonly windows: number; readonly distributions: number },
): number {
  const far = Array.from({ length: asked.fleets }, (_, seed) => {
    const draws = seededDraws(seed + 1);
    const labs = Array.from({ length: asked.distributions }, () => lab(draws, 2000));
    const windows = Array.from({ length: asked.windows }, () =>
      labs.map((ofLab) =>
        differenceFromLab(field(draws, { tilt: [...tilt], devices: 300 }), ofLab, {
          isOrdered: true,
        }),
      ),
    );
    return alarmsOf(windows, ALARM.leastFromLab).flat().includes(true);
  });
  return far.filter(Boolean).length / asked.fleets;
}
