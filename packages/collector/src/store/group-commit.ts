import { isNearsideError } from '@nearside/core';
import type { Contribution } from '../counting/contribution.js';
import type { Outcome, RollupStore } from './rollup-store.js';

/** A larger group would keep others waiting longer than the disk does. */
const LARGEST_GROUP = 256;

interface Waiting {
  readonly contribution: Contribution;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Writes reports that arrive together with one commit, as a disk takes as long for a hundred as for one.
 *
 * @returns a function that counts one report, and resolves when the commit that holds it is on disk
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
      // a report that fails must not fail those that came with it
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

/** A full disk or a locked file fails every report, so none is tried alone. */
function concernsAll(error: unknown): boolean {
  return isNearsideError(error) && error.retryable;
}
