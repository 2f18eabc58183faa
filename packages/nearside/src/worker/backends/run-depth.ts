import { median } from '../../shared/median.js';

/**
 * How deep in the stack a run begins, in one of two ways. Chromium on x64 keeps vectors that have no register at
 * addresses that are multiples of 8, not of 16, so that one may lie across two pages of memory; a kernel that writes
 * and reads such a one in its innermost loop takes 2.4 times as long (Chromium 156: OCR recogniser on two threads,
 * 108 instead of 60 ms). Whether it does hangs on the sizes of all frames below it, for run after run, until one of
 * their functions is compiled anew. An argument more, which nobody reads, moves them all by 8 bytes; so both ways are
 * timed, and the faster one is taken.
 */
export interface RunDepth {
  /** Exports of the runtime that begin a run in one way or the other. */
  wrap(exports: WebAssembly.Exports): WebAssembly.Exports;
  /**
   * For the runs of one session, of which one begins after another.
   *
   * @returns called when one begins, with what those have in common that take the same time; what that returns is
   *   called when the run has ended well
   */
  ofSession(): (kind: string) => () => void;
}

/** @param parameters how many the function has that computes; no other export of the runtime has as many */
export function createRunDepth(parameters: number): RunDepth {
  let depth: Depth = 0;

  return {
    wrap(exports) {
      const wrapped = Object.entries(exports).map(([name, value]) => {
        if (typeof value !== 'function' || value.length !== parameters) return [name, value];
        const call = (...args: unknown[]) =>
          Reflect.apply(value, undefined, depth === 0 ? args : [...args, undefined]);
        return [name, call];
      });
      return Object.fromEntries(wrapped);
    },
    ofSession() {
      const kinds = new Map<string, Trials>();
      return (kind) => {
        const trials = kinds.get(kind) ?? createTrials();
        kinds.set(kind, trials);
        const [oldest = ''] = kinds.keys();
        if (kinds.size > MOST_KINDS) kinds.delete(oldest);
        depth = trials.next();
        const startMs = performance.now();
        return () => trials.add(performance.now() - startMs);
      };
    },
  };
}

/** One of the two ways to begin: as called, or with an argument more. */
type Depth = 0 | 1;

const MOST_KINDS = 64;

/** Runs of a trial, the depths in turn: enough for the first one, in which code is still being optimised. */
const FIRST_RUNS = 16;
const RUNS = 10;

/** The last runs at each depth count; this many. */
const COUNTED = 5;

/** Runs between trials: at first, and at last, for the depth may change at any time. */
const FIRST_PAUSE = 32;
const LONGEST_PAUSE = 1024;

/** A depth is the slower one from here on. */
const SLOWER = 1.15;

/** Finds the faster depth, of runs of one kind. */
function createTrials() {
  let depth: Depth = 0;
  let taken: Depth = 0;
  let trial: [number[], number[]] | undefined = [[], []];
  let runsLeft = FIRST_RUNS;
  let pause = FIRST_PAUSE;
  let usualMs = Number.POSITIVE_INFINITY;
  let slowRuns = 0;

  function beginTrial(): void {
    trial = [[], []];
    runsLeft = RUNS;
  }

  function endTrial([first, second]: [number[], number[]]): void {
    const times = [first, second].map((all) => median(all.slice(-COUNTED))) as [number, number];
    const other: Depth = depth === 0 ? 1 : 0;
    if (times[depth] > SLOWER * times[other]) depth = other;
    usualMs = times[depth];
    trial = undefined;
    runsLeft = pause;
    pause = Math.min(2 * pause, LONGEST_PAUSE);
    slowRuns = 0;
  }

  return {
    next(): Depth {
      taken = trial ? ((runsLeft % 2) as Depth) : depth;
      return taken;
    },
    add(ms: number): void {
      trial?.[taken].push(ms);
      runsLeft -= 1;
      slowRuns = ms > SLOWER * usualMs ? slowRuns + 1 : 0;
      if (runsLeft === 0) trial ? endTrial(trial) : beginTrial();
      else if (!trial && slowRuns >= COUNTED) beginTrial();
    },
  };
}

type Trials = ReturnType<typeof createTrials>;
