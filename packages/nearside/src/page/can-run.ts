import { parseJson } from '@nearside/artifact';
import {
  formatShape,
  type Golden,
  isNearsideError,
  kindOf,
  NearsideError,
  parseGolden,
  type TensorSpec,
  type Variant,
} from '@nearside/core';
import { hostedBackends } from '#platform';
import type {
  CanRun,
  CanRunFilesOptions,
  CanRunOptions,
  RehearsalLimits,
} from '../shared/api/can-run.js';
import type { ModelReference, UnsignedFiles } from '../shared/api/open-options.js';
import { checkOptions } from '../shared/check-options.js';
import {
  ABOVE_0,
  areOptions,
  isModelFile,
  NO_OPTIONS,
  type OptionKinds,
  ownOptions,
} from '../shared/option-kinds.js';
import { BESIDE_RUNS, markPage } from './choice/page-mark.js';
import { loadLater } from './model/load-later.js';
import { planUnsigned, takeFiles } from './open-unsigned.js';
import { readReference } from './options/call-options.js';
import { ALL_OPEN_KINDS, optionWords } from './options/late-options.js';
import { NO_DEFAULTS, planOpening } from './options/plan-opening.js';
import { copySpec, isReference, namedFiles } from './options/unsigned-files.js';
import { requireLife } from './rehearsing/after-deaths.js';
import { readGraphs } from './rehearsing/read-graphs.js';
import { drawInputs, fillVariant, withoutSteps } from './rehearsing/rehearsed-models.js';
import { type Rehearsal, tryContenders } from './rehearsing/try-contenders.js';

const CALL = 'canRun';

type AnyReference = ModelReference<unknown, unknown>;

const { trust, integrity, backend, signal, assets, request, store, mirrors, threads, worker } =
  ALL_OPEN_KINDS;

const SHARED_KINDS: OptionKinds<keyof RehearsalLimits | keyof CanRunFilesOptions> = {
  backend,
  signal,
  assets,
  threads,
  worker,
  maxMs: ABOVE_0,
  maxBytes: ABOVE_0,
  memoryBudgetBytes: ABOVE_0,
  spec: { fits: () => true, expected: 'a spec' }, // looked at when it is copied
};

const { spec: _, ...OF_ADDRESS } = SHARED_KINDS;

const ADDRESS_KINDS: OptionKinds<keyof CanRunOptions> = {
  ...OF_ADDRESS,
  trust,
  integrity,
  request,
  store,
  mirrors,
};

/** Stand for the only variant of files without a spec: the worker finds out which one it is. */
const ONLY_ONNX: Variant = { name: 'model', runtime: 'onnx', dtype: 'unknown', files: [] };
const ONLY_TFJS: Variant = { ...ONLY_ONNX, runtime: 'tfjs', format: 'layers-model' };

/** A wasm module has no more memory than this. */
const WASM_BYTES = 2 ** 32;

/** Errors of files that are wrong on every backend. */
const OF_FILES: readonly unknown[] = [
  'input-invalid',
  'model-invalid',
  'file-missing',
  'metadata-malformed',
];

/**
 * Tells whether a model will run on this device, and how fast, before its weights are there: it fetches a version
 * without them, fills in numbers of a seed, and times each variant on each allowed backend, one after the other,
 * in a worker of its own. None of them serves, and no version becomes the active one.
 *
 * @param url as in `open`
 * @throws as `open`: trust, finding, network, store and environment codes; `signal.reason` on abort; TypeError or
 *   RangeError for wrong options
 */
export async function canRun(url: string, options: CanRunOptions): Promise<CanRun>;
export async function canRun(reference: AnyReference, options?: CanRunOptions): Promise<CanRun>;
/**
 * The same for an unsigned file, which is there with its weights, or fetched with them.
 *
 * @param files as in `openUnsigned`; an address by itself is that of a file if it ends with `.onnx` or `.json`
 * @throws NearsideError `input-invalid` where an input has free axes that nothing pins; as `openUnsigned`
 */
export async function canRun(files: UnsignedFiles, options?: CanRunFilesOptions): Promise<CanRun>;
export async function canRun(
  model: string | AnyReference | UnsignedFiles,
  given: CanRunOptions | CanRunFilesOptions = NO_OPTIONS,
): Promise<CanRun> {
  const options = ownOptions(given);
  const rehearsal = isPublished(model)
    ? await byAddress(model, options)
    : await byFiles(model, options);
  return tryContenders(rehearsal, options);
}

/** The address of a file by itself is no model's. */
function isPublished(model: string | AnyReference | UnsignedFiles): model is string | AnyReference {
  return isAddress(model) ? !isModelFile(model) : isReference(model);
}

function isAddress(model: unknown): model is string {
  return typeof model === 'string' || kindOf(model) === 'URL';
}

async function byAddress(model: string | AnyReference, given: CanRunOptions): Promise<Rehearsal> {
  const [url, options] = readReference<CanRunOptions>(
    isAddress(model) ? model : withoutTask(model),
    given,
  );
  checkOptions(CALL, options, ADDRESS_KINDS, { words: optionWords });
  const { maxMs, maxBytes, memoryBudgetBytes, ...ofOpen } = options;
  const planning = { hosted: hostedBackends, defaults: NO_DEFAULTS, help: loadLater };
  const plan = await planOpening(String(url), ofOpen, planning);
  plan.signal?.throwIfAborted();
  const page = markPage(plan);
  const published = await readGraphs(plan, page);
  const { look, spec } = published;
  const { name, version, sequence, variants, limits } = spec;
  const careful = look.traces && (await (await loadLater()).openAfterDeaths(plan, look, page));
  const limitBytes = memoryLimit(memoryBudgetBytes);
  return {
    plan: careful?.plan ?? plan,
    variants,
    isCommon: published.isCommon,
    memoryBytes: limits.memoryBytes,
    limitBytes,
    missingBytes: published.missingBytes,
    modelsOf: (variant) =>
      fillVariant(variants.find((each) => each.name === variant) as Variant, published, limitBytes),
    requireLife: (contender) => requireLife(contender, spec, look.choice),
    mark: (contender) => {
      const release = { model: name, version, sequence, variants };
      page.mark(BESIDE_RUNS, contender && { phase: 'tuning', ...contender, ...release });
    },
    isOfCall: () => false,
  };
}

/** A rehearsal is the same for every task. */
function withoutTask({ task, ...reference }: AnyReference): AnyReference {
  return reference;
}

async function byFiles(files: UnsignedFiles, options: CanRunFilesOptions): Promise<Rehearsal> {
  const named = namedFiles(files);
  const { spec: given = {} } = options ?? NO_OPTIONS;
  const spec = copySpec(given);
  if (!named || !spec || !areOptions(options, SHARED_KINDS)) {
    const refused = { files, spec: given, options, kinds: SHARED_KINDS };
    return (await loadLater()).refuseUnsigned(CALL, refused);
  }
  const { spec: _, maxMs, maxBytes, memoryBudgetBytes, ...ofOpen } = options;
  if (spec.stages) throw new TypeError(`${CALL}: expected a spec of one model; got \`stages\``);
  ofOpen.signal?.throwIfAborted();
  const { files: blobs, fetchedBytes } = await takeFiles(named, CALL, ofOpen);
  const plan = planUnsigned({ files: blobs, spec, fetchedBytes }, ofOpen);
  const golden = await readGolden(blobs);
  const ofModel = Object.entries(blobs).filter(([name]) => !/^golden(\.json$|\/)/.test(name));
  const fileBytes = ofModel.reduce((sum, [, { size }]) => sum + size, 0);
  const isTfjs = ofModel.some(([name]) => name.endsWith('.json'));
  const variants = spec.variants ?? [isTfjs ? ONLY_TFJS : ONLY_ONNX];
  return {
    plan,
    variants,
    isCommon: false,
    memoryBytes: spec.limits?.memoryBytes ?? fileBytes,
    limitBytes: memoryLimit(memoryBudgetBytes),
    missingBytes: {},
    modelsOf: async (name) => {
      const variants = spec.variants?.filter((variant) => variant.name === name);
      const inputsOf = (inputs: readonly TensorSpec[]) =>
        drawInputs({ name: '', inputs, state: spec.state }, golden, pinned);
      return [
        { files: Object.fromEntries(ofModel), spec: withoutSteps({ ...spec, variants }), inputsOf },
      ];
    },
    isOfCall: (error) => isNearsideError(error) && OF_FILES.includes(error.code),
  };
}

async function readGolden(files: Readonly<Record<string, Blob>>): Promise<Golden | undefined> {
  const file = files['golden.json'];
  if (!file) return undefined;
  const bytes = new Uint8Array(await file.arrayBuffer());
  return parseGolden(parseJson(bytes, { code: 'metadata-malformed', what: 'golden.json' }));
}

/** Gives the shape of one item. */
function pinned({ name, shape }: TensorSpec): readonly number[] {
  const one = shape.map((axis, i) => (axis === -1 && i === 0 ? 1 : axis));
  if (!one.includes(-1)) return one;
  throw new NearsideError(
    'input-invalid',
    `${CALL}: expected to know the shape of input '${name}', got ${formatShape(shape)} with free axes. Pin them: ` +
      `\`{ spec: { inputs: [{ name: '${name}', datatype, shape }] } }\` with every input, or a golden.json among the files.`,
    { details: { input: name, shape: [...shape] } },
  );
}

/** Chromium alone says how much memory a device has, GiB, rounded and with an upper end. */
function memoryLimit(memoryBudgetBytes: number | undefined): number {
  const { deviceMemory } = (globalThis.navigator ?? {}) as { deviceMemory?: number };
  const deviceBytes = deviceMemory === undefined ? WASM_BYTES : deviceMemory * 2 ** 30;
  return Math.min(memoryBudgetBytes ?? deviceBytes, WASM_BYTES);
}
