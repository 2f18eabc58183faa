import {
  type Baseline,
  callerOutputs,
  constantInputs,
  initialState,
  type ModelSpec,
  NearsideError,
  ownFields,
  type TensorSpec,
  type Tensors,
  type Variant,
} from '@nearside/core';
import type { Pipeline } from '@nearside/pipeline';
import type { BackendSession, ModelTensors, RuntimeTraits } from '../backends/backend.js';
import type { LoadedVariant, LoadRequest } from '../protocol.js';
import { checkGolden, readTensors } from './golden-check.js';
import type { HostedVersion } from './hosted-version.js';
import type { LoadProgress } from './load-progress.js';
import { fetchRuntimeWasm } from './runtime-wasm.js';
import type { SharedRuntime } from './shared-runtime.js';
import { compileStages, type Task } from './task.js';

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
  /** Its steps, or its task's, around the run. */
  readonly pipeline: Pipeline;
  readonly variant: Variant;
  readonly baseline: Baseline | undefined;
  /** Inputs of the first golden case, the cheap one, to time runs with. */
  readonly sample: Tensors;
  /** How many items run together; lowered when memory turns out not to be enough. */
  readonly batchLimit: { max: number };
  readonly loaded: Omit<LoadedVariant, 'healedChunks'>;
}

export interface OpenSessionOptions {
  readonly version: HostedVersion;
  readonly runtime: SharedRuntime;
  /** Name of a variant. */
  readonly variant: string;
  readonly runtimeWasm: LoadRequest['runtimeWasm'];
  readonly threads?: LoadRequest['threads'];
  /** Of the app's own worker, for the model's task. */
  readonly task: Task | undefined;
  /** Whether it has passed all golden cases on this hardware before: then the first, cheap one does. */
  readonly isProvenOn: (traits: RuntimeTraits) => boolean;
  readonly progress: LoadProgress;
}

/**
 * Asks whether the backend can run here at all, fetches weights and runtime side by side, starts the
 * runtime, loads the weights, and lets nothing through that does not reproduce the golden outputs.
 *
 * @throws NearsideError environment or backend codes; what reading the version's files throws
 */
export async function openSession(options: OpenSessionOptions): Promise<Session> {
  const { version, runtime, progress } = options;
  const { spec, golden } = version;
  const variant = requireVariant(version, options.variant);
  if (variant.runtime !== runtime.runtime) throw wrongRuntime(variant, runtime);
  const stopwatch = startStopwatch();
  await runtime.requireSupport(variant);

  const [weights, wasm] = await Promise.all([
    stopwatch('weights', async () => version.readVariant(variant, progress)),
    stopwatch('runtime', () =>
      runtime.fetchWasm(() => fetchRuntimeWasm(options.runtimeWasm, progress)),
    ),
  ]);
  progress.enter('check'); // nothing waits for the network from here on
  const { session, traits } = await stopwatch('session', async () => {
    const traits = await runtime.start({ wasm, threads: options.threads });
    const { files } = weights;
    return { traits, session: await runtime.createSession({ spec, variant, files }) };
  });
  const stages = await stopwatch('check', async () => {
    const described = ownFields({ ...spec, ...mutable(session.tensors) }, 1);
    const pipeline = compileStages(described, options.task);
    if (!golden) return { described, pipeline };
    await checkGolden(session, golden, {
      spec,
      variant,
      files: weights.files,
      backend: runtime.name,
      scope: options.isProvenOn(traits) ? 'first' : 'all',
    });
    return { described, pipeline };
  }).catch(async (error) => {
    await session.release().catch(() => {});
    throw error;
  });
  progress.finish();

  const isSaid = spec.inputs.length > 0 && spec.outputs.length > 0;
  const { described, pipeline } = stages;
  const carry = () => carryState(session, described);
  const constant = constantInputs(described);
  const isAllAsked = Object.keys(constant).length === 0;
  const run: BackendSession['run'] = isAllAsked
    ? session.run
    : (inputs) => session.run({ ...inputs, ...constant });
  return {
    ...session,
    bare: session,
    carry,
    run: spec.state ? (inputs) => carry()(inputs) : run,
    spec: described,
    pipeline,
    variant,
    baseline: weights.baseline,
    sample: golden ? readTensors(weights.files, golden.cases[0]?.inputs ?? {}) : {},
    batchLimit: { max: spec.batch?.max ?? 1 },
    loaded: {
      ...traits,
      spec: isSaid ? undefined : described,
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

function mutable({ inputs, outputs }: ModelTensors) {
  const copy = <Spec extends TensorSpec>(tensor: Spec) => ({ ...tensor, shape: [...tensor.shape] });
  return ownFields({ inputs: inputs.map(copy), outputs: outputs.map(copy) }) as Pick<
    ModelSpec,
    'inputs' | 'outputs'
  >;
}

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

/**
 * Runs that carry the model's state: each begins with what the one before it left, the first with
 * zeros. A run that fails leaves the state as it was. State is not among the outputs.
 */
export function carryState(session: BackendSession, spec: ModelSpec): BackendSession['run'] {
  const pairs = spec.state ?? [];
  const given = callerOutputs(spec);
  const constant = constantInputs(spec);
  let state = initialState(spec);
  return async (inputs) => {
    const outputs = await session.run({ ...inputs, ...constant, ...state });
    state = pick(
      outputs,
      pairs.map(({ input, output }) => [input, output]),
    );
    return pick(
      outputs,
      given.map(({ name }) => [name, name]),
    );
  };
}

function pick(tensors: Tensors, names: readonly (readonly [string, string])[]): Tensors {
  return Object.fromEntries(names.map(([as, name]) => [as, tensors[name]])) as Tensors;
}

/** Short runs are timed together: a clock outside isolated pages ticks in tenths of a millisecond. */
const BURST_MS = 4;

/** @returns mean time of one run of the first golden case, outputs included, ms */
export async function timeSession({
  run,
  sample,
}: Pick<Session, 'run' | 'sample'>): Promise<number> {
  const startMs = performance.now();
  let runs = 0;
  let elapsedMs = 0;
  while (runs === 0 || elapsedMs < BURST_MS) {
    await run(sample);
    runs += 1;
    elapsedMs = performance.now() - startMs;
  }
  return elapsedMs / runs;
}
