import {
  type ModelVersion,
  parseJson,
  type ReadFilesOptions,
  type VerifiedBytes,
  variantFiles,
} from '@nearside/artifact';
import {
  type Baseline,
  NearsideError,
  parseBaseline,
  type Tensors,
  type Variant,
} from '@nearside/core';
import type { Backend, BackendSession, RuntimeTraits } from './backends/backend.js';
import { carryState } from './carry-state.js';
import { checkGolden, readTensors } from './golden-check.js';
import type { LoadProgress } from './load-progress.js';
import type { LoadedVariant, LoadRequest } from './protocol.js';
import { fetchRuntimeWasm } from './runtime-wasm.js';

/**
 * A variant of a version, loaded on a backend that has proven itself on its golden cases. It takes and
 * gives what callers do: of a model with state every run is a fresh start.
 */
export interface Session extends BackendSession {
  /** Runs that carry the state on, from zeros: those of one stream. */
  carry(): BackendSession['run'];
  readonly version: ModelVersion;
  readonly variant: Variant;
  readonly baseline: Baseline | undefined;
  /** Inputs of the first golden case, the cheap one, to time runs with. */
  readonly sample: Tensors;
  /** How many items run together; lowered when memory turns out not to be enough. */
  readonly batchLimit: { max: number };
  readonly loaded: Omit<LoadedVariant, 'healedChunks'>;
}

export interface OpenSessionOptions {
  readonly version: ModelVersion;
  /** Reads files of the version, fetching what is missing. */
  readonly readFiles: ReadFiles;
  readonly backend: Backend;
  readonly variant: string;
  readonly runtimeWasm: LoadRequest['runtimeWasm'];
  /** Whether it has passed all golden cases on this hardware before: then the first, cheap one does. */
  readonly isProvenOn: (traits: RuntimeTraits) => boolean;
  /** Told when no later run will succeed. */
  readonly onLost: (error: NearsideError) => void;
  readonly progress: LoadProgress;
}

export type ReadFiles = (
  names: readonly string[],
  options: ReadFilesOptions,
) => Promise<Map<string, VerifiedBytes>>;

/**
 * Asks whether the backend can run here at all, fetches weights and runtime side by side, starts the
 * one, loads the other, and lets nothing through that does not reproduce the golden outputs.
 *
 * @throws NearsideError trust, network, environment or backend codes
 */
export async function openSession(options: OpenSessionOptions): Promise<Session> {
  const { version, backend, onLost, progress } = options;
  const variant = requireVariant(version, options.variant);
  const stopwatch = startStopwatch();
  await backend.requireSupport(variant);

  const [weights, wasm] = await Promise.all([
    stopwatch('weights', () => readVariant(variant, options)),
    stopwatch('runtime', () => fetchRuntimeWasm(options.runtimeWasm, progress)),
  ]);
  const { session, traits } = await stopwatch('session', async () => {
    const traits = await backend.start({ wasm, onLost });
    const { files } = weights;
    return { traits, session: await backend.createSession({ spec: version.spec, variant, files }) };
  });
  progress.enter('check');
  await stopwatch('check', () =>
    checkGolden(session, version.golden, {
      spec: version.spec,
      variant,
      files: weights.files,
      backend: backend.name,
      scope: options.isProvenOn(traits) ? 'first' : 'all',
    }),
  ).catch(async (error) => {
    await session.release().catch(() => {});
    throw error;
  });
  progress.finish();

  const carry = () => carryState(session, version.spec);
  return {
    ...session,
    carry,
    run: version.spec.state ? (inputs) => carry()(inputs) : session.run,
    version,
    variant,
    baseline: weights.baseline,
    sample: readTensors(weights.files, version.golden.cases[0]?.inputs ?? {}),
    batchLimit: { max: version.spec.batch?.max ?? 1 },
    loaded: { ...traits, fetchedBytes: weights.fetchedBytes, times: stopwatch.times },
  };
}

export function requireVariant({ spec }: ModelVersion, name: string): Variant {
  const variant = spec.variants.find((candidate) => candidate.name === name);
  if (variant) return variant;
  const names = spec.variants.map((candidate) => candidate.name).join(', ');
  throw new NearsideError('no-backend', `Expected one of the variants ${names}, got '${name}'.`);
}

/** Every file the variant needs is verified before the first byte of it is used. */
async function readVariant(variant: Variant, { version, readFiles, progress }: OpenSessionOptions) {
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
