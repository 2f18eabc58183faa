import { hostedBackends } from '#platform';
import type { AvailableBackend } from '../shared/api/backends.js';
import type { CustomModel, Model } from '../shared/api/model.js';
import type { UnsignedFiles, UnsignedOptions, UnsignedSpec } from '../shared/api/open-options.js';
import { runsOnCpu, runtimeOf } from '../shared/contenders.js';
import {
  ABOVE_0,
  areOptions,
  NO_OPTIONS,
  type OptionKinds,
  oneOf,
  ownOptions,
} from '../shared/option-kinds.js';
import { loadLater } from './model/load-later.js';
import { openAsPlanned } from './open.js';
import { OPEN_KINDS, REST_HIDDEN } from './options/call-options.js';
import type { FetchedFiles } from './options/later/fetch-files.js';
import { NO_DEFAULTS, type OpenPlan, planServing } from './options/plan-opening.js';
import { copySpec, type GivenFiles, namedFiles } from './options/unsigned-files.js';
import { DEFAULT_ENGINE } from './workers/engine-context.js';

const CALL = 'openUnsigned';

const { backend, signal, onProgress, tune, assets, report, threads, worker } = OPEN_KINDS;

const KINDS: OptionKinds<keyof UnsignedOptions> = {
  backend,
  signal,
  onProgress,
  tune,
  selfCheck: oneOf(['off']),
  assets,
  report,
  threads,
  worker,
  policy: { fields: { restHiddenMs: REST_HIDDEN, watchdogMs: ABOVE_0 } },
};

/**
 * Opens an unsigned model, for experiments: a file that a user picked, say, or one at an address:
 * `openUnsigned('/model.onnx')`. Nothing is stored, and nothing is reported without `report`.
 * Golden cases, as `golden.json` and its tensors among the files, are checked. Without them a CPU serves unproven, and a
 * GPU only after it has computed the same as the CPU; `stats()` and `explainBackend()` say so.
 *
 * @param files an ONNX file, or several files by name: external weights, a TensorFlow.js model. Each may be an address,
 *   relative to the page; weights that the file there names are fetched from beside it
 * @throws NearsideError `model-invalid`, `file-missing`, `name-unsafe`, `metadata-malformed`; network, environment and
 *   backend codes; `signal.reason` on abort; TypeError or RangeError for wrong options
 */
export async function openUnsigned(
  files: UnsignedFiles,
  spec?: UnsignedSpec,
  options?: UnsignedOptions,
): Promise<Model>;
/** A model of a task of the app's own, whose `worker` gives results of type `Result`. */
export async function openUnsigned<Result>(
  files: UnsignedFiles,
  spec?: UnsignedSpec,
  options?: UnsignedOptions,
): Promise<CustomModel<Result>>;
export async function openUnsigned(
  files: UnsignedFiles,
  spec: UnsignedSpec = {},
  options: UnsignedOptions = NO_OPTIONS,
): Promise<Model> {
  const startMs = performance.now();
  const own = ownOptions(options);
  const given = namedFiles(files);
  const copy = copySpec(spec);
  if (!given || !copy || !areOptions(own, KINDS)) {
    return (await loadLater()).refuseUnsigned(CALL, { files, spec, options: own, kinds: KINDS });
  }
  const { onProgress, ...blobs } = await takeFiles(given, CALL, own);
  const fetchMs = performance.now() - startMs;
  const plan = planUnsigned({ ...blobs, fetchMs, spec: copy }, { ...own, onProgress });
  const isCompared = own.backend === 'tfjs-webgpu' && plan.unsigned?.wantsComparison;
  const compared = isCompared ? await (await loadLater()).planCompared(plan) : plan;
  const opening = { engine: DEFAULT_ENGINE, startMs };
  return openAsPlanned(compared, opening).catch(async (error) => {
    const later = await loadLater().catch(() => {
      throw error;
    });
    return openAsPlanned(later.planUncompared(compared, error), opening);
  });
}

/** Plans how files are served: nothing is stored or updated. */
export function planUnsigned(
  unsigned: Omit<NonNullable<OpenPlan['unsigned']>, 'wantsComparison'>,
  given: UnsignedOptions,
): OpenPlan {
  const { files, spec } = unsigned;
  const options = ownOptions(given);
  const { backend, tune, selfCheck } = options;
  const mayBeGpu = backend ? !runsOnCpu(backend) : tune !== 'off';
  const { policy, ...serving } = planServing(options, {
    hosted: hostedBackends,
    defaults: NO_DEFAULTS,
  });
  return {
    ...serving,
    backends: likelyFirst(serving.backends, Object.keys(files)),
    trust: { pin: '', sealSha256: undefined },
    prefix: '',
    address: { repository: '', model: (spec as UnsignedSpec).name ?? 'The model' },
    store: 'memory',
    mirrors: [],
    request: undefined,
    policy: { ...policy, update: 'manual' },
    unsigned: { ...unsigned, wantsComparison: mayBeGpu && selfCheck !== 'off' },
  };
}

/** Several files with JSON among them are likely a model of TensorFlow.js; the worker finds out. */
function likelyFirst(backends: readonly AvailableBackend[], names: readonly string[]) {
  const isTfjs = names.some((name) => name.endsWith('.json') && name !== 'golden.json');
  const isLikely = (backend: AvailableBackend) => (runtimeOf(backend) === 'tfjs') === isTfjs;
  return [...backends.filter(isLikely), ...backends.filter((backend) => !isLikely(backend))];
}

/**
 * Fetches the files that are addresses, and weights that they name.
 *
 * @param call its name, for messages
 * @throws as `fetchFiles`; where an address was not answered, with the reason
 */
export async function takeFiles(
  given: GivenFiles,
  call: string,
  options: UnsignedOptions,
): Promise<FetchedFiles> {
  if (Object.values(given).some((file) => typeof file === 'string')) {
    const { fetchFiles, explainFetch } = await loadLater();
    return fetchFiles(given, call, options).catch(async (error) => {
      throw (await explainFetch(error)) ?? error;
    });
  }
  const files = given as Readonly<Record<string, Blob>>;
  return { files, fetchedBytes: 0, onProgress: options.onProgress };
}
