import { kindOf } from '@nearside/core';
import { hostedBackends } from '#platform';
import type { AvailableBackend } from '../shared/api/backends.js';
import type { CustomModel, Model } from '../shared/api/model.js';
import type { UnsignedFiles, UnsignedOptions, UnsignedSpec } from '../shared/api/open-options.js';
import { checkOptions, inWords } from '../shared/check-options.js';
import { isGuessable } from '../shared/contender-order.js';
import { runtimeOf } from '../shared/contenders.js';
import {
  ABOVE_0,
  isPlainObject,
  NO_OPTIONS,
  type OptionKinds,
  oneOf,
  ownOptions,
} from '../shared/option-kinds.js';
import { loadLater } from './model/load-later.js';
import { openAsPlanned } from './open.js';
import { OPEN_KINDS } from './options/call-options.js';
import type { FetchedFiles, GivenFiles } from './options/later/fetch-files.js';
import { OPTION_WORDS } from './options/option-words.js';
import { NO_DEFAULTS, type OpenPlan, planServing } from './options/plan-opening.js';
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
  policy: { fields: { watchdogMs: ABOVE_0 } },
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
  const given = namedFiles(files, CALL);
  const copy = copySpec(spec, CALL);
  checkOptions(CALL, own, KINDS, { words: OPTION_WORDS });
  const { onProgress, ...blobs } = await takeFiles(given, CALL, own);
  const plan = planUnsigned({ ...blobs, spec: copy }, { ...own, onProgress });
  const isCompared = own.backend === 'tfjs-webgpu' && plan.unsigned?.isChecked;
  const compared = isCompared ? await (await loadLater()).planCompared(plan) : plan;
  return openAsPlanned(compared, { engine: DEFAULT_ENGINE, startMs });
}

/** Plans how files are served: nothing is stored or updated. */
export function planUnsigned(
  unsigned: Omit<NonNullable<OpenPlan['unsigned']>, 'isChecked'>,
  given: UnsignedOptions,
): OpenPlan {
  const { files, spec } = unsigned;
  const options = ownOptions(given);
  const { backend, tune, selfCheck } = options;
  const mayBeGpu = backend ? !isGuessable(backend) : tune !== 'off';
  const { policy, ...serving } = planServing(options, {
    hosted: hostedBackends,
    defaults: NO_DEFAULTS,
  });
  return {
    ...serving,
    backends: likelyFirst(serving.backends, Object.keys(files)),
    trust: { pin: '', seal: undefined },
    prefix: '',
    address: { repository: '', model: (spec as UnsignedSpec).name ?? 'The model' },
    store: 'memory',
    mirrors: [],
    request: undefined,
    policy: { ...policy, update: 'manual' },
    unsigned: { ...unsigned, isChecked: mayBeGpu && selfCheck !== 'off' },
  };
}

/**
 * Copies the spec as it is now, for the worker.
 *
 * @param call its name, for the message
 * @throws TypeError for a field that is no data, naming it
 */
export function copySpec(spec: UnsignedSpec, call: string): UnsignedSpec {
  if (!isPlainObject(spec)) {
    throw new TypeError(`${call}: expected a spec such as { name: 'ocr' }; got ${inWords(spec)}`);
  }
  return Object.fromEntries(
    Object.entries(spec).map(([name, value]) => {
      try {
        return [name, structuredClone(value)];
      } catch (cause) {
        throw new TypeError(
          `${call}: expected \`spec.${name}\` to be data, as in model.json; got ${inWords(value)}`,
          { cause },
        );
      }
    }),
  );
}

/** Several files with JSON among them are likely a model of TensorFlow.js; the worker finds out. */
function likelyFirst(backends: readonly AvailableBackend[], names: readonly string[]) {
  const isTfjs = names.some((name) => name.endsWith('.json') && name !== 'golden.json');
  const isLikely = (backend: AvailableBackend) => (runtimeOf(backend) === 'tfjs') === isTfjs;
  return [...backends.filter(isLikely), ...backends.filter((backend) => !isLikely(backend))];
}

/** The name of a file that comes without one. */
const NAMELESS = 'model';

/**
 * The files by name, each as an address or a Blob: Blobs cross to a worker by reference, and are still there when it has
 * to be replaced. Bytes are copied, so that the caller may change its own.
 *
 * @param call its name, for the message
 * @throws TypeError for anything that is no file
 */
export function namedFiles(files: UnsignedFiles, call: string): GivenFiles {
  const only = toFile(files);
  if (only !== undefined) return { [nameOf(files)]: only };
  if (!isPlainObject(files)) throw noFile(call, 'the model', files);
  const entries = Object.entries(files).map(([name, given]) => {
    const file = toFile(given);
    if (file === undefined) throw noFile(call, `'${name}'`, given);
    return [name, file] as const;
  });
  if (entries.length === 0) throw noFile(call, 'the model', files);
  return Object.fromEntries(entries);
}

/**
 * Fetches the files that are addresses, and weights that they name.
 *
 * @param call its name, for messages
 * @throws as `fetchFiles`
 */
export async function takeFiles(
  given: GivenFiles,
  call: string,
  options: UnsignedOptions,
): Promise<FetchedFiles> {
  if (Object.values(given).some((file) => typeof file === 'string')) {
    return (await loadLater()).fetchFiles(given, call, options);
  }
  const files = given as Readonly<Record<string, Blob>>;
  return { files, fetchedBytes: 0, onProgress: options.onProgress };
}

function toFile(file: unknown): Blob | string | undefined {
  if (typeof file === 'string' || kindOf(file) === 'URL') return String(file);
  if (file instanceof Blob) return file;
  if (file instanceof ArrayBuffer || (ArrayBuffer.isView(file) && !isShared(file))) {
    return new Blob([file as ArrayBuffer]);
  }
  return undefined;
}

/** True for shared memory, which a Blob does not take. */
function isShared(file: unknown): boolean {
  const memory = ArrayBuffer.isView(file) ? file.buffer : file;
  return Object.prototype.toString.call(memory) === '[object SharedArrayBuffer]';
}

function nameOf(file: UnsignedFiles): string {
  const address = toFile(file);
  if (typeof address === 'string') return /([^/?#]+)(?:[?#].*)?$/s.exec(address)?.[1] ?? NAMELESS;
  const { name } = file as { name?: unknown };
  return typeof name === 'string' && name !== '' ? name : NAMELESS;
}

function noFile(call: string, what: string, got: unknown): TypeError {
  return new TypeError(
    `${call}: expected ${what} to be a File, a Blob, bytes or an address, or several of them by name; got ` +
      (isShared(got) ? 'memory that is shared' : inWords(got)),
  );
}
