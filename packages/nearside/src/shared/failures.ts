import { BACKEND_FAULTS, isNearsideError, NearsideError } from '@nearside/core';

/**
 * A version does wrong by itself on a backend: the next backend is tried, or the version before serves again. That is no
 * bad input, no caller who has left, no missing network. Bytes that fail to verify are none either: an attacker would
 * want other bytes to be chosen.
 */
export function isBackendFault(error: unknown): error is NearsideError {
  if (!isNearsideError(error) || isOverBudget(error)) return false;
  return BACKEND_FAULTS.some((code) => code === error.code);
}

/** A backend's own files are out of reach. Offline, those of another one may be in a cache. */
export function isOutOfReach(error: unknown): error is NearsideError {
  return isNearsideError(error) && ['assets-unreachable', 'worker-blocked'].includes(error.code);
}

/** A worker is gone, and with it everything that it was doing. */
export function isLostWorker(error: unknown): error is NearsideError {
  return (
    isNearsideError(error) && ['worker-lost', 'device-lost', 'terminated'].includes(error.code)
  );
}

/** A run hung until the watchdog ended its worker. Where a caller ended it the error says `isOwn`. */
function isHung(error: unknown): error is NearsideError {
  return isNearsideError(error) && error.code === 'terminated' && !error.details.isOwn;
}

/** A version that took over a moment ago is given up for it. */
export function isVersionFault(error: unknown): error is NearsideError {
  return isBackendFault(error) || isHung(error);
}

/** A caller had the worker ended. */
export function isCallersEnd(error: unknown): boolean {
  return isNearsideError(error) && error.details.isOwn === true;
}

/** A worker was lost through another model in it: neither this model nor the backend is at fault. */
export function isAnothersLoss(error: unknown): boolean {
  return isLostWorker(error) && error.details.isAnothers === true;
}

/** A model needs more memory than its engine may use, on any backend. */
export function isOverBudget({ details }: NearsideError): boolean {
  return details.memoryBudgetBytes !== undefined;
}

/** The words of whatever was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The error of calls after `close()`. */
export function closedError(model: string): NearsideError {
  return new NearsideError('closed', `Expected an open model, got ${model} after close().`, {
    details: { model },
  });
}
