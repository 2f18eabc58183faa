import {
  type ModelVersion,
  parseJson,
  type ReadFilesOptions,
  type VerifiedBytes,
  variantFiles,
} from '@nearside/artifact';
import { type Baseline, NearsideError, parseBaseline, type Variant } from '@nearside/core';
import type { BackendSession, RuntimeTraits } from './backends/backend.js';
import { checkGolden } from './golden-check.js';
import type { LoadProgress } from './load-progress.js';
import type { LoadedVariant, LoadRequest } from './protocol.js';
import { fetchRuntimeWasm } from './runtime-wasm.js';
import type { SharedRuntime } from './shared-runtime.js';

/** A variant of a version, loaded on a backend that has proven itself on its golden cases. */
export interface Session extends BackendSession {
  readonly version: ModelVersion;
  readonly variant: Variant;
  readonly baseline: Baseline | undefined;
  /** How many items run together; lowered when memory turns out not to be enough. */
  readonly batchLimit: { max: number };
  readonly loaded: Omit<LoadedVariant, 'healedChunks'>;
}

export interface OpenSessionOptions {
  readonly version: ModelVersion;
  /** Reads files of the version, fetching what is missing. */
  readonly readFiles: ReadFiles;
  readonly runtime: SharedRuntime;
  readonly variant: string;
  readonly runtimeWasm: LoadRequest['runtimeWasm'];
  readonly maxThreads?: LoadRequest['maxThreads'];
  /** Whether it has passed all golden cases on this hardware before: then the first, cheap one does. */
  readonly isProvenOn: (traits: RuntimeTraits) => boolean;
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
  const { version, runtime, progress } = options;
  const variant = requireVariant(version, options.variant);
  const stopwatch = startStopwatch();
  await runtime.requireSupport(variant);

  const [weights, wasm] = await Promise.all([
    stopwatch('weights', () => readVariant(variant, options)),
    stopwatch('runtime', () =>
      runtime.fetchWasm(() => fetchRuntimeWasm(options.runtimeWasm, progress)),
    ),
  ]);
  progress.enter('check'); // nothing waits for the network from here on
  const { session, traits } = await stopwatch('session', async () => {
    const traits = await runtime.start({ wasm, maxThreads: options.maxThreads });
    const { files } = weights;
    return { traits, session: await runtime.createSession({ spec: version.spec, variant, files }) };
  });
  await stopwatch('check', () =>
    checkGolden(session, version.golden, {
      variant,
      files: weights.files,
      backend: runtime.name,
      scope: options.isProvenOn(traits) ? 'first' : 'all',
    }),
  ).catch(async (error) => {
    await session.release().catch(() => {});
    throw error;
  });
  progress.finish();

  return {
    ...session,
    version,
    variant,
    baseline: weights.baseline,
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
