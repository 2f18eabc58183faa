import {
  type ModelVersion,
  parseJson,
  type ReadFilesOptions,
  type VerifiedBytes,
  variantFiles,
} from '@nearside/artifact';
import {
  type Baseline,
  type Golden,
  type ModelSpec,
  NearsideError,
  parseBaseline,
  type TensorSpec,
  type Tensors,
  type Variant,
} from '@nearside/core';
import type { BackendSession, ModelFiles, RuntimeTraits } from '../backends/backend.js';
import type { ModelTensors } from '../backends/model-tensors.js';
import type { LoadedVariant, LoadRequest } from '../protocol.js';
import { carryState } from './carry-state.js';
import { checkGolden, readTensors } from './golden-check.js';
import type { LoadProgress } from './load-progress.js';
import { fetchRuntimeWasm } from './runtime-wasm.js';
import type { SharedRuntime } from './shared-runtime.js';

/**
 * A variant of a version, loaded on a backend that has proven itself on its golden cases, if it has some.
 * It takes and gives what callers do: of a model with state every run is a fresh start.
 */
export interface Session extends BackendSession {
  /** As the runtime has it, which takes and gives state like any tensor: for golden cases. */
  readonly bare: BackendSession;
  /** Runs that carry the state on, from zeros: those of one stream. */
  carry(): BackendSession['run'];
  /** Its tensors are always there, said by the publisher or by the file. */
  readonly spec: ModelSpec;
  readonly variant: Variant;
  readonly baseline: Baseline | undefined;
  /** Inputs of the first golden case, the cheap one, to time runs with. */
  readonly sample: Tensors;
  /** How many items run together; lowered when memory turns out not to be enough. */
  readonly batchLimit: { max: number };
  readonly loaded: Omit<LoadedVariant, 'healedChunks'>;
}

export interface OpenSessionOptions extends Omit<StartSessionOptions, 'spec' | 'golden' | 'read'> {
  readonly version: ModelVersion;
  /** Reads files of the version, fetching what is missing. */
  readonly readFiles: ReadFiles;
}

/** What every session needs, wherever its files come from. */
export interface StartSessionOptions {
  readonly runtime: SharedRuntime;
  readonly spec: ModelSpec;
  /** Undefined where there is nothing to prove a backend on: for `openUnsigned` alone. */
  readonly golden: Golden | undefined;
  /** Name of a variant. */
  readonly variant: string;
  /** Gets the variant's files, all of them checked before the first byte of one is used. */
  readonly read: (variant: Variant) => Promise<VariantFiles>;
  readonly runtimeWasm: LoadRequest['runtimeWasm'];
  readonly maxThreads?: LoadRequest['maxThreads'];
  /** Whether it has passed all golden cases on this hardware before: then the first, cheap one does. */
  readonly isProvenOn: (traits: RuntimeTraits) => boolean;
  readonly progress: LoadProgress;
}

export interface VariantFiles {
  readonly files: ModelFiles;
  readonly fetchedBytes: number;
  readonly baseline: Baseline | undefined;
}

export type ReadFiles = (
  names: readonly string[],
  options: ReadFilesOptions,
) => Promise<Map<string, VerifiedBytes>>;

/**
 * A session of a signed version: its files are verified, and it has golden cases.
 *
 * @throws NearsideError trust, network, environment or backend codes
 */
export function openSession(options: OpenSessionOptions): Promise<Session> {
  const { spec, golden } = options.version;
  const read = (variant: Variant) => readVariant(variant, options);
  return startSession({ ...options, spec, golden, read });
}

/**
 * Asks whether the backend can run here at all, fetches weights and runtime side by side, starts the
 * runtime, loads the weights, and lets nothing through that does not reproduce the golden outputs.
 *
 * @throws NearsideError environment or backend codes; what `read` throws
 */
export async function startSession(options: StartSessionOptions): Promise<Session> {
  const { spec, golden, runtime, progress } = options;
  const variant = requireVariant(options, options.variant);
  if (variant.runtime !== runtime.runtime) throw wrongRuntime(variant, runtime);
  const stopwatch = startStopwatch();
  await runtime.requireSupport(variant);

  const [weights, wasm] = await Promise.all([
    stopwatch('weights', () => options.read(variant)),
    stopwatch('runtime', () =>
      runtime.fetchWasm(() => fetchRuntimeWasm(options.runtimeWasm, progress)),
    ),
  ]);
  progress.enter('check'); // nothing waits for the network from here on
  const { session, traits } = await stopwatch('session', async () => {
    const traits = await runtime.start({ wasm, maxThreads: options.maxThreads });
    const { files } = weights;
    return { traits, session: await runtime.createSession({ spec, variant, files }) };
  });
  await stopwatch('check', async () => {
    if (!golden) return;
    await checkGolden(session, golden, {
      spec,
      variant,
      files: weights.files,
      backend: runtime.name,
      scope: options.isProvenOn(traits) ? 'first' : 'all',
    });
  }).catch(async (error) => {
    await session.release().catch(() => {});
    throw error;
  });
  progress.finish();

  const described = { ...spec, ...mutable(session.tensors) };
  const carry = () => carryState(session, described);
  return {
    ...session,
    bare: session,
    carry,
    run: spec.state ? (inputs) => carry()(inputs) : session.run,
    spec: described,
    variant,
    baseline: weights.baseline,
    sample: golden ? readTensors(weights.files, golden.cases[0]?.inputs ?? {}) : {},
    batchLimit: { max: spec.batch?.max ?? 1 },
    loaded: {
      ...traits,
      isProven: golden !== undefined,
      fetchedBytes: weights.fetchedBytes,
      times: stopwatch.times,
    },
  };
}

export function requireVariant({ spec }: { readonly spec: ModelSpec }, name: string): Variant {
  const variant = spec.variants.find((offered) => offered.name === name);
  if (variant) return variant;
  const names = spec.variants.map((offered) => offered.name).join(', ');
  throw new NearsideError('no-backend', `Expected one of the variants ${names}, got '${name}'.`);
}

/** The app's own worker serves another backend than it was started for. */
function wrongRuntime({ name, runtime }: Variant, backend: SharedRuntime): NearsideError {
  return new NearsideError(
    'no-backend',
    `${backend.name}: expected a variant for ${backend.runtime}, got '${name}' for ${runtime}. Does ` +
      '`worker` start the worker of the backend that it is asked for?',
    { details: { backend: backend.name, variant: name } },
  );
}

/** Every file the variant needs is verified before the first byte of it is used. */
async function readVariant(
  variant: Variant,
  { version, readFiles, progress }: OpenSessionOptions,
): Promise<VariantFiles> {
  const names = variantFiles(variant, version.golden);
  progress.expect(await version.missingBytes(names));
  let fetchedBytes = 0;
  const files = await readFiles(names, {
    onBytes(sizeBytes) {
      fetchedBytes += sizeBytes;
      progress.arrive('weights', sizeBytes);
    },
    onElsewhere: (sizeBytes) => progress.arrive('weights', sizeBytes),
  });
  const baseline = files.get('baseline.json');
  return {
    files,
    fetchedBytes,
    baseline: baseline && parseBaseline(parseJson(baseline, BASELINE)),
  };
}

function mutable({ inputs, outputs }: ModelTensors): Pick<ModelSpec, 'inputs' | 'outputs'> {
  const copy = ({ name, datatype, shape }: TensorSpec) => ({ name, datatype, shape: [...shape] });
  return { inputs: inputs.map(copy), outputs: outputs.map(copy) };
}

const BASELINE = { code: 'metadata-malformed', what: 'baseline.json' } as const;

type Step = 'weights' | 'runtime' | 'session' | 'check';

function startStopwatch() {
  const times: Record<Step, number> = { weights: 0, runtime: 0, session: 0, check: 0 };
  async function measure<Value>(step: Step, work: () => Promise<Value>): Promise<Value> {
    const start = performance.now();
    try {
      return await work();
    } finally {
      times[step] = performance.now() - start;
    }
  }
  return Object.assign(measure, { times });
}
