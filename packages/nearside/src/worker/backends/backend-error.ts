import { type BackendName, type ErrorCode, isNearsideError, NearsideError } from '@nearside/core';
import { messageOf } from '../../shared/failures.js';
import type { BackendSession, StartRequest } from './backend.js';

/**
 * How ONNX Runtime and TensorFlow.js word that they have no kernel for an operator. Neither gives a
 * code, so the text is all there is to tell it from other failures (onnxruntime-web 1.30, tfjs 4.22):
 * "Could not find an implementation for …", "Failed to find kernel for …", "Provider type for … node …
 * is not set", "No Op registered for …", "… is not a registered function/op", "Kernel '…' not
 * registered for backend '…'".
 */
const MISSING_OPERATOR = new RegExp(
  [
    'not implemented',
    'not find an implementation',
    'to find kernel for',
    'Provider type for .* is not set',
    'No Op registered',
    'not a registered',
    'not registered',
  ].join('|'),
  'i',
);

/**
 * How memory that cannot be had is worded: by C++ in wasm (`std::bad_alloc`), ONNX Runtime's check of
 * sizes beyond 4 GiB (shape, overflow) and its loader, Emscripten (`Aborted(OOM)`), the engines (array
 * length and buffer allocation), Dawn and wgpu (buffer size). Same versions, Chromium 156, Firefox 153.
 */
const OUT_OF_MEMORY = new RegExp(
  [
    'bad_alloc',
    'Tensor shape is too large',
    'SafeIntOnOverflow',
    'failed to allocate',
    '\\bOOM\\b',
    'out of memory',
    'not enough memory',
    'memory\\.grow',
    'array length',
    'allocation failed',
    'exceeds the max buffer size',
  ].join('|'),
  'i',
);

/** ONNX Runtime where nobody gave the file that a tensor lies in (1.30): without any file, and among others. */
const MISSING_FILE = /"+([^"]*)"+, error: (?:Module\.MountedFiles is not available|File not found)/;

/**
 * How a kernel on the CPU says that an index points beyond what it indexes: ONNX Runtime's Gather and ScatterElements,
 * GatherElements, GatherND and ScatterND (1.30), and TensorFlow.js' GatherV2 (4.22).
 */
const OUT_OF_RANGE =
  /(?:indices element out of|Index out of range|invalid ind\w+ found|GatherV2: the index).*/;

/** @returns how a run said that an index is out of range, if it did */
export function outOfRange(error: unknown): string | undefined {
  if (!isNearsideError(error) || error.details.step !== 'run') return undefined;
  return OUT_OF_RANGE.exec(error.message)?.[0];
}

/** The last one serves on no device. */
export type AnyBackend = BackendName | 'tfjs-cpu';

type Step = 'start' | 'load' | 'run';

/**
 * Does one step of a backend, and gives whatever it throws a code.
 *
 * @throws NearsideError `operator-unsupported`, `out-of-memory` or `backend-failed`
 */
export async function attempt<Value>(
  backend: AnyBackend,
  step: Step,
  work: () => Promise<Value>,
): Promise<Value> {
  try {
    return await work();
  } catch (cause) {
    throw coded(backend, step, cause);
  }
}

/** Gives an error that a step has thrown a code. */
export function coded(backend: AnyBackend, step: Step, cause: unknown): NearsideError {
  if (isNearsideError(cause)) return cause;
  return backendError(backend, step, messageOf(cause), cause);
}

/** @param got what happened instead of the step, in words */
export function backendError(
  backend: AnyBackend,
  step: Step,
  got: string,
  cause?: unknown,
): NearsideError {
  const [, missing] = MISSING_FILE.exec(got) ?? [];
  if (missing) return fileMissing(backend, missing);
  const message = `${backend}: expected the model to ${step}, got: ${got}`;
  return new NearsideError(codeOf(backend, got), message, { cause, details: { backend, step } });
}

function fileMissing(backend: AnyBackend, file: string): NearsideError {
  return new NearsideError(
    'file-missing',
    `${backend}: expected the file '${file}', in which the model has weights, got the model without it. Give it by name: ` +
      `{ 'model.onnx': …, '${file}': … }.`,
    { details: { backend, file } },
  );
}

/** @param missing what the environment lacks, in words */
export function unsupported(backend: BackendName, missing: string): NearsideError {
  return new NearsideError(
    'no-backend',
    `${backend}: expected ${missing}, got a browser or device without it. Another backend is needed.`,
    { details: { backend, missing } },
  );
}

function codeOf(backend: AnyBackend, got: string): ErrorCode {
  if (MISSING_OPERATOR.test(got)) return 'operator-unsupported';
  // TensorFlow.js on wasm does not look whether it was given memory, and traps as it writes there.
  const isTrap = backend === 'tfjs-wasm' && /out of bounds/.test(got);
  return isTrap || OUT_OF_MEMORY.test(got) ? 'out-of-memory' : 'backend-failed';
}

/** All sessions of a started runtime share it. */
interface RuntimeHealth {
  /** The first failure that it is not to be trusted after. */
  brokenBy?: NearsideError;
}

export interface RuntimeCare {
  readonly health: RuntimeHealth;
  /** After which failures the runtime is still sound. */
  readonly isHarmless: (error: NearsideError) => boolean;
  readonly onLost: StartRequest['onLost'];
  /** Another runtime may do better: a run that breaks this one is told as lost with it, and so is done again there. */
  readonly isSmall?: boolean | undefined;
}

/** Does one step of a runtime. After a failure that is not harmless its worker is to be replaced. */
export async function withCare<Value>(
  work: () => Promise<Value>,
  care: RuntimeCare,
): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    noteFailure(error, care);
    throw error;
  }
}

function noteFailure(error: unknown, { health, isHarmless, onLost }: RuntimeCare): void {
  if (!isNearsideError(error) || isHarmless(error)) return;
  health.brokenBy ??= error;
  // After the reply, which says why; later calls find the worker gone and are done elsewhere.
  setTimeout(() => onLost(unsound(error)));
}

/**
 * For a runtime that is not to be trusted after a failed run: its worker is to be replaced, and until
 * that has happened every further run fails instead of hanging or computing rubbish: as that one did,
 * or, on another model's session, as what is lost with its worker.
 */
export function endOnFailure(session: BackendSession, care: RuntimeCare): BackendSession {
  const { health, isSmall } = care;
  let own: NearsideError | undefined;
  return {
    tensors: session.tensors,
    async run(inputs) {
      if (health.brokenBy) throw own ?? unsound(health.brokenBy);
      try {
        return await session.run(inputs);
      } catch (error) {
        noteFailure(error, care);
        const { brokenBy } = health;
        if (error !== brokenBy || !brokenBy) throw error;
        own = isSmall ? unsound(brokenBy) : brokenBy;
        throw own;
      }
    },
    // A broken runtime is not asked to free anything: it ends with its worker.
    release: async () => (health.brokenBy ? undefined : session.release()),
  };
}

function unsound(cause: NearsideError): NearsideError {
  return new NearsideError(
    'worker-lost',
    `Expected a runtime that goes on after a failed run, got: ${cause.message}`,
    { cause, details: cause.details, retryable: true },
  );
}
