import { isNearsideError } from '@nearside/core';
import type { Contribution } from './contribution.js';
import type { Outcome, RollupStore } from './rollup-store.js';

/** More at once would keep others waiting longer than the disk does. */
const LARGEST_GROUP = 256;

interface Waiting {
  readonly contribution: Contribution;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Reports that arrive together are on disk with one commit: a disk takes as long for a hundred as for one.
 *
 * @returns counts one report, and answers when the commit that holds it is on disk
 */
export function createGroupCommit(
  store: Pick<RollupStore, 'add'>,
): (contribution: Contribution) => Promise<Outcome> {
  let waiting: Waiting[] = [];

  async function commit(): Promise<void> {
    const group = waiting.slice(0, LARGEST_GROUP);
    waiting = waiting.slice(LARGEST_GROUP);
    if (waiting.length > 0) setImmediate(commit);
    try {
      const outcomes = await store.add(group.map(({ contribution }) => contribution));
      for (const [i, { resolve }] of group.entries()) resolve(outcomes[i] as Outcome);
    } catch (error) {
      if (group.length === 1 || concernsAll(error)) for (const { reject } of group) reject(error);
      // what fails for one report must not fail for those that came beside it
      else for (const one of group) await alone(one);
    }
  }

  async function alone({ contribution, resolve, reject }: Waiting): Promise<void> {
    try {
      const [outcome] = await store.add([contribution]);
      resolve(outcome as Outcome);
    } catch (error) {
      reject(error);
    }
  }

  return (contribution) =>
    new Promise((resolve, reject) => {
      waiting.push({ contribution, resolve, reject });
      if (waiting.length === 1) setImmediate(commit);
    });
}

/** A disk that is full, a file that is locked: each report alone would wait for the same again. */
function concernsAll(error: unknown): boolean {
  return isNearsideError(error) && error.retryable;
}
