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
  /** Follows what another collector of the store was given. */
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
  const names = createNames(await store.names(), { onFold });

  function hold(newest: ModelFacts): void {
    facts = newest;
    names.useFacts(newest);
  }

  async function keep(own: ModelFacts): Promise<void> {
    unkept = own;
    try {
      const newest = await store.keepFacts(own, now());
      unkept = undefined;
      hold(newest);
      if (isOlder(own, newest)) onError(tooOld(own, newest));
    } catch (error) {
      if (!facts || !isOlder(own, facts)) hold(own);
      onError(error);
    }
  }

  if (given) await keep(given);
  return {
    names,
    facts: () => facts,
    use: (own) => void keep(own),
    async follow() {
      if (unkept) return keep(unkept);
      const newest = await store.facts();
      if (newest && JSON.stringify(newest) !== JSON.stringify(facts)) hold(newest);
    },
  };
}

function tooOld(own: ModelFacts, newest: ModelFacts): Error {
  return new Error(
    `models: the facts of revision ${own.revision} were not used, because the store has those of revision ${newest.revision}. Give this collector the newest file too.`,
  );
}
