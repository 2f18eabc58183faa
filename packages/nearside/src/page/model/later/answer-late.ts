import { NearsideError } from '@nearside/core';
import type { Model, StorageOptions } from '../../../shared/api/model.js';
import { BESIDE_RUNS, workOf } from '../../choice/page-mark.js';
import { explainBackend } from '../../later/tuning/explain-backend.js';
import { warmUp } from '../../later/tuning/tuner.js';
import { type ProfiledModel, profileModel } from '../../running/later/profile-model.js';
import { readStorage, type StorageContext } from '../../running/later/storage.js';
import type { ModelContext } from '../../serving/serving.js';
import { openStream, type StreamContext } from '../../streaming/later/open-stream.js';
import { scoreModel } from '../../streaming/later/score.js';
import { askWorker } from '../../workers/watchdog.js';

/** Parts of an open model that its calls need. */
export interface OpenModel extends ModelContext, StreamContext, StorageContext, ProfiledModel {
  readonly plan: ModelContext['plan'];
  readonly handover: StreamContext['handover'];
  readonly closing: AbortSignal;
  /** To be told after each call that is no run. */
  readonly used: () => void;
}

/** Answers calls that can wait until the second part is there. */
export function answerLate(open: OpenModel) {
  const { handover, closing, takeOther, used } = open;
  return {
    score: (...[inputs, options]: Parameters<Model['score']>) => scoreModel(open, inputs, options),
    stream: (...[source, options]: Parameters<Model['stream']>) =>
      openStream(source, options, open),
    profile: (...[input, options]: Parameters<Model['profile']>) =>
      profileModel(open, input, options),
    explainBackend: () => explainBackend(handover.current, open),
    async storage(options?: StorageOptions) {
      closing.throwIfAborted();
      return readStorage(open, options).finally(used);
    },
    async remember(...given: Parameters<Model['remember']>) {
      closing.throwIfAborted();
      const { noBackend, version } = handover.current;
      if (noBackend) throw noBackend;
      if (!takeOther?.remember) throw takesNoRecords(version.release.model);
      return takeOther.remember(...given).finally(used);
    },
    async warm() {
      closing.throwIfAborted();
      return warmModel(open).finally(used);
    },
  };
}

/**
 * Loads a model again that was put to rest, checks its first golden case, and runs that until runs stop getting
 * faster. Each run has its own turn.
 */
async function warmModel({ handover, plan, mark }: OpenModel): Promise<void> {
  const limits = { watchdogMs: plan.policy.watchdogMs, signal: undefined };
  await handover.run(({ connection }) => askWorker(connection, limits, ({ warm }) => warm()));
  const { serving, release } = await handover.hold();
  try {
    if (serving.loaded.verdict === 'unproven') return;
    mark(BESIDE_RUNS, workOf('warming', serving));
    const time = () => askWorker(serving.connection, limits, ({ time }) => time());
    await warmUp({ time, idle: async () => {} });
  } finally {
    mark(BESIDE_RUNS);
    release();
  }
}

function takesNoRecords(model: string): NearsideError {
  return new NearsideError(
    'input-invalid',
    `remember: expected a model that takes records of features, got ${model}, which takes none.`,
    { details: { model } },
  );
}
