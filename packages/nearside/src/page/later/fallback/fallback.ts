import { isNearsideError, type ModelSpec, type NearsideError } from '@nearside/core';
import type { AvailableBackend, BackendFailure } from '../../../shared/api/backends.js';
import type { Fallback } from '../../../shared/api/open-options.js';
import type { Input, RunMeta, RunResult } from '../../../shared/api/run.js';
import { variantsFor } from '../../../shared/contenders.js';
import type { LoadedVariant, OpenedVersion } from '../../../shared/protocol.js';
import {
  type BackendChoice,
  type Caution,
  createBackendChoice,
  EMPTY_RECORD,
} from '../../choice/backend-choice.js';
import type { OpenPlan } from '../../options/plan-opening.js';
import { refuseInput } from '../../running/later/refuse-input.js';
import { snapshotOther } from '../../running/later/snapshot-other.js';
import type { FailedRun } from '../../running/run-model.js';
import { releaseSnapshot, snapshotInput, takesOthers } from '../../running/snapshot-input.js';
import type { Serving } from '../../serving/serving.js';
import { type Connection, passOn } from '../../workers/connection.js';
import { untilAborted } from '../../workers/watchdog.js';

/** Codes of runs that failed for want of a backend or of time; not of bad inputs, nor of callers who have left. */
const ANSWERABLE = ['deadline', 'no-backend', 'golden-mismatch'];

/**
 * Has the app's own function answer a run that failed. Whoever aborts or closes meanwhile is let go at once.
 *
 * @param leaving aborted when the model is closed
 * @returns undefined for a failure that it is not asked about
 * @throws the error of the function; the reason of a signal
 */
export async function fallBack(
  failed: FailedRun,
  { fallback, leaving }: { fallback: Fallback; leaving: AbortSignal },
): Promise<RunResult | undefined> {
  if (!isAnswerable(failed)) return undefined;
  const { input, options, calledMs } = failed;
  const answer = async () => fallback(input);
  const output = (await untilAborted([options.signal, leaving], answer)) as RunResult['output'];
  return { output, meta: describeAnswer(failed, performance.now() - calledMs) };
}

/** An input that the caller gave away is gone, unless no backend was there to take it. */
function isAnswerable({ error, options: { transfer }, serving }: FailedRun): boolean {
  if (serving.noBackend) return error === serving.noBackend;
  return !transfer && isNearsideError(error) && ANSWERABLE.includes(error.code);
}

function describeAnswer({ id, serving, cold }: FailedRun, totalMs: number): RunMeta {
  const { model, version } = serving.version.release;
  const nowhere = { variant: 'fallback', backend: 'fallback', threads: 0 };
  const stages = { queueMs: totalMs, preMs: 0, runMs: 0, postMs: 0 };
  return { id, model, version, ...nowhere, ...stages, batch: 1, cold, fallback: true };
}

/** Makes a serving of a version that no backend serves: every call to its worker is rejected with the error. */
export function standIn(
  error: NearsideError,
  plan: OpenPlan,
  {
    version: opened,
    caution,
  }: { readonly version?: OpenedVersion; readonly caution?: Caution } = {},
): { readonly serving: Serving; readonly choice: BackendChoice } {
  const version = opened ?? unknownVersion(plan, caution);
  const quarantined = failuresOf(error, plan).map((failure) => ({ atMs: Date.now(), ...failure }));
  const failures = quarantined.map(({ atMs: _, ...failure }) => failure);
  const [backend] = plan.backends as readonly [AvailableBackend]; // reports name the one that was tried first
  const { variants } = version.spec;
  const variant = variantsFor(backend, variants)[0] ?? variants[0] ?? NO_VARIANT;
  const serving: Serving = {
    connection: refuseCalls(error),
    backend,
    runtime: undefined,
    version,
    workerMs: 0,
    metadataMs: 0,
    fetched: Promise.resolve(),
    warmUpMs: 0,
    mark() {},
    variant,
    loaded: NOTHING_LOADED,
    failures,
    quarantined: failures,
    noBackend: error,
  };
  const choice = createBackendChoice(plan, { ...EMPTY_RECORD, quarantined });
  choice.origin = 'none';
  choice.caution = caution && { ...caution, threadsReason: undefined }; // nothing runs
  return { serving, choice };
}

/** The error for an input of a version that no backend serves. A bad input is the caller's own here too. */
export async function refusalOf(
  input: Input,
  { version: { spec }, noBackend }: Serving,
): Promise<NearsideError | undefined> {
  const takeOther = takesOthers(spec) ? snapshotOther : undefined;
  try {
    const refuse = async (...refused: Parameters<typeof refuseInput>) => refuseInput(...refused);
    releaseSnapshot(await snapshotInput(input, spec, { transfer: false, takeOther, refuse }));
    return noBackend;
  } catch (unfit) {
    return unfit as NearsideError;
  }
}

/** A backend that the caller forced fails with its own error. */
function failuresOf(
  { code, message, details: { failures } }: NearsideError,
  { backends: [backend] }: OpenPlan,
): readonly BackendFailure[] {
  if (Array.isArray(failures)) return failures;
  return [{ backend: backend as AvailableBackend, variant: undefined, code, message }];
}

function refuseCalls(reason: NearsideError): Connection {
  const refuse = () => Promise.reject(reason);
  return {
    ...passOn(() => refuse),
    load: refuse,
    run: refuse,
    profile: refuse,
    workers: [],
    declare() {},
    end: undefined,
    close: async () => {},
    kill() {},
  };
}

const NO_VARIANT: Serving['variant'] = {
  name: 'none',
  runtime: 'onnx',
  dtype: 'unknown',
  files: [],
};

const NOTHING_LOADED: LoadedVariant = {
  verdict: 'unproven',
  fetchedBytes: 0,
  healedChunks: 0,
  threads: 0,
  hardware: 'none',
  times: { weights: 0, runtime: 0, session: 0, check: 0 },
};

/** Without a `manifestSha256` nothing is reported. A version for which pages died is known by its name. */
function unknownVersion(
  { address: { model } }: OpenPlan,
  caution: Caution | undefined,
): OpenedVersion {
  const { version = '0.0.0', sequence = 0 } =
    caution?.care.deaths.findLast((death) => death.version) ?? {};
  return {
    release: { model, version, sequence },
    manifestSha256: '',
    spec: { name: model, task: 'tensors', variants: [] as ModelSpec['variants'] } as ModelSpec,
    origin: 'network',
    assignment: undefined,
    isCommon: false,
    install: { id: '', cohort: 0 },
  };
}
