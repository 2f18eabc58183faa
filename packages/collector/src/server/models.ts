import type { ModelFacts } from '@nearside/core';
import type { NameKind } from '../counting/known-names.js';
import { createNames, type Names } from '../counting/names.js';
import type { RollupStore, VersionState } from '../store/rollup-store.js';

/** The models that a collector knows of, from its facts and from reports. */
export interface Models {
  readonly names: Names;
  facts(): ModelFacts | undefined;
  /** From now on the models and versions of these facts get rows. */
  use(facts: ModelFacts): void;
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
  let facts = given;
  const names = createNames(await store.names(), { ...(facts && { facts }), onFold });

  function noteReleases(known: ModelFacts): Promise<void> {
    return store.addReleases(releaseStates(known), now()).catch(onError);
  }

  if (facts) await noteReleases(facts);
  return {
    names,
    facts: () => facts,
    use(newer: ModelFacts): void {
      facts = newer;
      names.useFacts(newer);
      void noteReleases(newer);
    },
  };
}

export function releaseStates({ models }: ModelFacts): VersionState[] {
  return models.flatMap(({ model, versions }) =>
    versions.map(({ version, state, rollout }) => ({
      model,
      version,
      state,
      rollout: rollout ? { fromBps: rollout.fromBps, toBps: rollout.toBps } : null,
    })),
  );
}
