import type { Datatype, ModelSpec } from '@nearside/core';
import { hostedBackends } from '#platform';
import type { CustomModel } from '../custom-model.js';
import { DEFAULT_ENGINE } from '../engine/engine-context.js';
import { loadLater } from '../later/load-later.js';
import type { Model } from '../model.js';
import { openAsPlanned } from '../open.js';
import type { OpenOptions } from '../opening/open-options.js';
import { OPEN_RULES } from '../opening/open-rules.js';
import { NO_DEFAULTS, planServing } from '../opening/plan-opening.js';
import { inWords } from '../options/check-options.js';
import {
  areOptions,
  isPlainObject,
  isPositive,
  NO_OPTIONS,
  type OptionRules,
  ownOptions,
} from '../options/option-rules.js';
import type { AvailableBackend } from '../runtime-assets.js';
import { runtimeOf } from '../runtime-of.js';
import { toBlobs, type UnsignedFiles } from './unsigned-files.js';

/**
 * model.json, of which everything may be left out that can be derived. The name defaults to that of
 * the file, the version to 0.0.0; names, datatypes and shapes of tensors to what the file says;
 * `variants` to the one that the files make up.
 */
export type UnsignedSpec = Partial<Omit<ModelSpec, 'inputs' | 'outputs'>> & {
  readonly inputs?: readonly UnsignedTensor[] | undefined;
  readonly outputs?: readonly UnsignedTensor[] | undefined;
};

export interface UnsignedTensor {
  readonly name: string;
  readonly datatype: Datatype;
  /** −1 leaves an axis free. */
  readonly shape: readonly number[];
}

export interface UnsignedOptions
  extends Pick<OpenOptions, 'backend' | 'signal' | 'onProgress' | 'assets' | 'report' | 'worker'> {
  readonly policy?: Pick<NonNullable<OpenOptions['policy']>, 'watchdogMs'> | undefined;
}

const { backend, signal, onProgress, assets, report, worker } = OPEN_RULES;

/** `check-unsigned-options.ts` has words for what they refuse. */
const RULES: OptionRules<keyof UnsignedOptions> = {
  ...{ backend, signal, onProgress, assets, report, worker },
  policy: (policy: unknown) => areOptions(policy, { watchdogMs: isPositive }),
};

/**
 * Opens a model that nobody vouches for, for experiments: a file that a user picked, say. Nothing is
 * fetched for it but the runtime, nothing is stored, and nothing is reported without `report`.
 * Golden cases, as `golden.json` and its tensors among the files, are checked; without them the
 * backend is used unproven, and `stats()` and `explainBackend()` say so.
 *
 * @param files an ONNX file, or several files by name: external weights, a TensorFlow.js model
 * @throws NearsideError `model-invalid`, `file-missing`, `metadata-malformed`; environment and backend
 *   codes; `signal.reason` on abort; TypeError or RangeError for wrong options
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
  const blobs = toBlobs(files);
  const given = copySpec(spec);
  if (!areOptions(own, RULES)) (await loadLater()).checkUnsignedOptions(own);
  const { policy, ...serving } = planServing(own, {
    hosted: hostedBackends,
    defaults: NO_DEFAULTS,
  });
  const plan = {
    ...serving,
    backends: likelyFirst(serving.backends, Object.keys(blobs)),
    tune: { ...serving.tune, when: 'off' } as const,
    ...{ url: '', pin: '', address: { repository: '', model: given.name ?? 'The model' } },
    ...({ store: 'memory', mirrors: [], request: undefined } as const),
    policy: { ...policy, update: 'manual' } as const,
    unsigned: { files: blobs, spec: given },
  };
  return openAsPlanned(plan, { engine: DEFAULT_ENGINE, startMs });
}

/**
 * The spec as it is now, which crosses to a worker.
 *
 * @throws TypeError for what is no data, naming the field
 */
function copySpec(spec: UnsignedSpec): UnsignedSpec {
  if (!isPlainObject(spec)) {
    throw new TypeError(
      `openUnsigned: expected a spec such as { name: 'ocr' }; got ${inWords(spec)}`,
    );
  }
  return Object.fromEntries(
    Object.entries(spec).map(([name, value]) => {
      try {
        return [name, structuredClone(value)];
      } catch (cause) {
        throw new TypeError(
          `openUnsigned: expected \`spec.${name}\` to be data, as in model.json; got ${inWords(value)}`,
          { cause },
        );
      }
    }),
  );
}

/** A model of several files with JSON among them is one of TensorFlow.js; what it is shows in the worker. */
function likelyFirst(backends: readonly AvailableBackend[], names: readonly string[]) {
  const isTfjs = names.some((name) => name.endsWith('.json') && name !== 'golden.json');
  const isLikely = (backend: AvailableBackend) => (runtimeOf(backend) === 'tfjs') === isTfjs;
  return [...backends.filter(isLikely), ...backends.filter((backend) => !isLikely(backend))];
}
