import type { ModelFacts } from '@nearside/core';
import type { NameKind } from '../counting/known-names.js';
import { createNames, type Names } from '../counting/names.js';
import { isOlder } from '../store/facts-row.js';
import type { RollupStore } from '../store/rollup-store.js';

/** The models that a collector knows of, from facts and from reports. */
export interface Models {
  readonly names: Names;
  facts(): ModelFacts | undefined;
  /** From now on the models and versions of these facts get rows, unless the store has newer facts. */
  use(facts: ModelFacts): void;
  /** Follows what another collector of the store was given, and writes down what could not be written before. */
  follow(): Promise<void>;
}

interface ModelsOptions {
  readonly now: () => number;
  readonly onError: (error: unknown) => void;
  readonly onFold: (kind: NameKind) => void;
}

/** Names and releases follow the newest facts. */
export async function createModels(
  store: RollupStore,
  given: ModelFacts | undefined,
  { now, onError, onFold }: ModelsOptions,
): Promise<Models> {
  let facts: ModelFacts | undefined;
  /** The store could not write these down yet. */
  let unkept: ModelFacts | undefined;
  let last = Promise.resolve();
  const names = createNames(await store.names(), { onFold });

  function hold(newest: ModelFacts): void {
    facts = newest;
    names.useFacts(newest);
  }

  async function keep(own: ModelFacts): Promise<void> {
    try {
      const newest = await store.keepFacts(own, now());
      if (unkept === own) unkept = undefined;
      hold(newest);
      if (isOlder(own, newest)) onError(tooOld(own, newest));
    } catch (error) {
      if (!facts || !isOlder(own, facts)) hold(own);
      onError(error);
    }
  }

  async function follow(): Promise<void> {
    if (unkept) return keep(unkept);
    const newest = await store.facts();
    if (newest && JSON.stringify(newest) !== JSON.stringify(facts)) hold(newest);
  }

  /** One after the other, so that what came last holds. */
  function next(act: () => Promise<void>): Promise<void> {
    const acted = last.then(act);
    last = acted.catch(() => {});
    return acted;
  }

  function use(own: ModelFacts): Promise<void> {
    unkept = own;
    return next(() => keep(own));
  }

  if (given) await use(given);
  return {
    names,
    facts: () => facts,
    use: (own) => void use(own),
    follow: () => next(follow),
  };
}

function tooOld(own: ModelFacts, newest: ModelFacts): Error {
  return new Error(
    `models: the facts of revision ${own.revision} were not used, because the store has those of revision ${newest.revision}. Give this collector the newest file too.`,
  );
}
