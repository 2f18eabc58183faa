import { isNearsideError, NearsideError } from '@nearside/core';

const CODES = [
  'no-backend',
  'golden-mismatch',
  'backend-failed',
  'operator-unsupported',
  'out-of-memory',
  'device-lost',
  'worker-lost',
] as const;

/**
 * Whether a version does wrong by itself on a backend: the next backend is tried, or the version
 * before serves again. Not a bad input, a caller who has left, a missing network; and never bytes
 * that fail to verify, because choosing other bytes is just what an attacker would want.
 */
export function isBackendFault(error: unknown): error is NearsideError {
  if (!isNearsideError(error) || isOverBudget(error)) return false;
  return CODES.some((code) => code === error.code);
}

/** Whether a backend's own files cannot be had: offline, those of another one may be in a cache. */
export function isOutOfReach(error: unknown): error is NearsideError {
  return isNearsideError(error) && ['assets-unreachable', 'worker-blocked'].includes(error.code);
}

/** Whether a worker is gone, and with it everything that it was doing. */
export function isLostWorker(error: unknown): error is NearsideError {
  return (
    isNearsideError(error) && ['worker-lost', 'device-lost', 'terminated'].includes(error.code)
  );
}

/** Whether a run hung until the watchdog ended its worker; a caller may end one as well. */
export function isHung(error: unknown): error is NearsideError {
  return isNearsideError(error) && error.code === 'terminated' && !error.details.isOwn;
}

/** Whether a worker was lost through another model in it: no fault of this one, nor of the backend. */
export function isAnothersLoss(error: unknown): boolean {
  return isLostWorker(error) && error.details.isAnothers === true;
}

/** Whether a model needs more memory than its engine may use: on any backend. */
export function isOverBudget({ details }: NearsideError): boolean {
  return details.memoryBudgetBytes !== undefined;
}

/** What calls get after `close()`. */
export function closedError(model: string): NearsideError {
  return new NearsideError('closed', `Expected an open model, got ${model} after close().`, {
    details: { model },
  });
}
