import { type Backend as BackendName, isNearsideError, NearsideError } from '@nearside/core';

/**
 * How ONNX Runtime and TensorFlow.js word that they have no kernel for an operator. Neither gives a
 * code, so the text is all there is to tell it from other failures (onnxruntime-web 1.30, tfjs 4.22).
 */
const MISSING_OPERATOR = /not implemented|No Op registered|not a registered|not registered/i;

/**
 * Does one step of a backend, and gives whatever it throws a code.
 *
 * @throws NearsideError `operator-unsupported` or `backend-failed`
 */
export async function attempt<Value>(
  backend: BackendName,
  step: 'start' | 'load' | 'run',
  work: () => Promise<Value>,
): Promise<Value> {
  try {
    return await work();
  } catch (cause) {
    if (isNearsideError(cause)) throw cause;
    throw backendError(
      backend,
      step,
      cause instanceof Error ? cause.message : String(cause),
      cause,
    );
  }
}

/** @param got what happened instead of the step, in words */
export function backendError(
  backend: BackendName,
  step: 'start' | 'load' | 'run',
  got: string,
  cause?: unknown,
): NearsideError {
  return new NearsideError(
    MISSING_OPERATOR.test(got) ? 'operator-unsupported' : 'backend-failed',
    `${backend}: expected the model to ${step}, got: ${got}`,
    { cause, details: { backend, step } },
  );
}
