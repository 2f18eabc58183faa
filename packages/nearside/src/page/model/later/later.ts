/**
 * The second part of the library: code that an open model needs only after its first result, or that few pages need
 * at all. It is a chunk of its own, which only `import-later.ts` imports.
 */

import { NearsideError } from '@nearside/core';
import type { Model, StorageOptions } from '../../../shared/api/model.js';
import { explainBackend } from '../../later/tuning/explain-backend.js';
import { warmUp } from '../../later/tuning/tuner.js';
import { fetchFiles as fetchAll } from '../../options/later/fetch-files.js';
import { explainFetch } from '../../platform/later/explain-fetch.js';
import { type ProfiledModel, profileModel } from '../../running/later/profile-model.js';
import { readStorage, type StorageContext } from '../../running/later/storage.js';
import type { ModelContext } from '../../serving/serving.js';
import { openStream, type StreamContext } from '../../streaming/later/open-stream.js';
import { scoreModel } from '../../streaming/later/score.js';
import { askWorker } from '../../workers/watchdog.js';

export { bringOwn } from '../../later/fallback/bring-own.js';
export { planCompared, planUncompared } from '../../later/tuning/compare-with-cpu.js';
export { tuneBeforeOpen } from '../../later/tuning/tuner.js';
export { checkOpening, checkRunOptions } from '../../options/later/check-calls.js';
export { refuseUnsigned } from '../../options/later/refuse-unsigned.js';
export { redoLost } from '../../running/later/redo-lost.js';
export { refuseInput } from '../../running/later/refuse-input.js';
export { openSnapshotOther } from '../../running/later/snapshot-other.js';
export { clearStored } from '../../running/later/storage.js';
export { joinEngine } from '../../serving/join-engine.js';
export { servePool } from '../../serving/later/pooled-serving.js';
export { createReviver } from '../../serving/later/revive.js';
export { goBack, servePrevious } from '../../serving/later/roll-back.js';
export { tryBackends } from '../../serving/later/try-backends.js';
export { startCounting } from '../../telemetry/later/counting.js';
export { reportFailedOpen } from '../../telemetry/later/reporting.js';
export { startBackground } from './background-work.js';

/** @throws as `fetchFiles` of `options`; where an address was not answered, with the reason */
export async function fetchFiles(...given: Parameters<typeof fetchAll>) {
  try {
    return await fetchAll(...given);
  } catch (error) {
    throw (await explainFetch(error)) ?? error;
  }
}

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
async function warmModel({ handover, plan }: OpenModel): Promise<void> {
  const limits = { watchdogMs: plan.policy.watchdogMs, signal: undefined };
  await handover.run(({ connection }) => askWorker(connection, limits, ({ warm }) => warm()));
  const { serving, release } = await handover.hold();
  try {
    if (serving.loaded.verdict === 'unproven') return;
    const time = () => askWorker(serving.connection, limits, ({ time }) => time());
    await warmUp({ time, idle: async () => {} });
  } finally {
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
