import { isNearsideError } from '@nearside/core';
import type { Contribution } from '../counting/contribution.js';
import type { Outcome, RollupStore } from './rollup-store.js';

/** A larger group would keep others waiting longer than the disk does. */
const LARGEST_GROUP = 256;

/** So many groups are on their way to a store that answers later. What arrives meanwhile becomes one larger group. */
const MOST_UNDER_WAY = 4;

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
  let underWay = 0;
  let isPlanned = false;

  function plan(): void {
    if (isPlanned || underWay >= MOST_UNDER_WAY || waiting.length === 0) return;
    isPlanned = true;
    setImmediate(commitNext);
  }

  async function commitNext(): Promise<void> {
    const group = waiting.slice(0, LARGEST_GROUP);
    waiting = waiting.slice(LARGEST_GROUP);
    isPlanned = false;
    underWay += 1;
    plan();
    await commit(group);
    underWay -= 1;
    plan();
  }

  async function commit(group: readonly Waiting[]): Promise<void> {
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
      plan();
    });
}

/** A full disk or a locked file fails every report, so none is tried alone. */
function concernsAll(error: unknown): boolean {
  return isNearsideError(error) && error.retryable;
}
