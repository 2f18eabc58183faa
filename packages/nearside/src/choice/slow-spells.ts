/**
 * How many times as long as it took when it was chosen a backend must take to be measured again: a
 * clock that comes down by half is common on a warm device, and a busy page costs some tens of percent.
 */
export const SLOWER = 2;

/** A spell of runs has one verdict: so many of them, for at least so long, ms. */
const SPELL_RUNS = 8;
const SPELL_MS = 1_000;

/** Slow spells in a row that are no passing trouble of the page any more. */
const SLOW_SPELLS = 5;

/** Runs as they come, in spells. */
export interface SlowSpells {
  /** Of the spell that is under way. */
  readonly runs: number;
  readonly slowRuns: number;
  readonly beganMs: number | undefined;
  /** Spells in a row, up to now, in which most runs were slow. */
  readonly slowSpells: number;
}

export const NO_SPELLS: SlowSpells = Object.freeze({
  ...{ runs: 0, slowRuns: 0, beganMs: undefined },
  slowSpells: 0,
});

/**
 * Takes one more run into account. Most runs of a spell decide it, and one spell that is not slow
 * starts the count again, so that neither single slow runs nor a burst of them are anything.
 *
 * @param nowMs by a clock that does not go back
 */
export function watchRun(
  { runs, slowRuns, beganMs, slowSpells }: SlowSpells,
  { isSlow, nowMs }: { readonly isSlow: boolean; readonly nowMs: number },
): SlowSpells {
  const spell = {
    ...{ runs: runs + 1, slowRuns: slowRuns + (isSlow ? 1 : 0) },
    beganMs: beganMs ?? nowMs,
  };
  if (spell.runs < SPELL_RUNS || nowMs - spell.beganMs < SPELL_MS) return { ...spell, slowSpells };
  const wasSlow = spell.slowRuns > spell.runs / 2;
  return { ...NO_SPELLS, beganMs: nowMs, slowSpells: wasSlow ? slowSpells + 1 : 0 };
}

/** Whether runs have become lastingly slow: some seconds of nothing else. */
export function isLastinglySlow({ slowSpells }: SlowSpells): boolean {
  return slowSpells >= SLOW_SPELLS;
}
