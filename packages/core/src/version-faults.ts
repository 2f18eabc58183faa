import type { ErrorCode } from './errors.js';

/** A backend fails by itself with these: the next one is tried, or the version before serves again. */
export const BACKEND_FAULTS = [
  'no-backend',
  'golden-mismatch',
  'backend-failed',
  'operator-unsupported',
  'out-of-memory',
  'device-lost',
  'worker-lost',
] as const satisfies readonly ErrorCode[];

/** A device gives a version up for these, before it serves there or after. A missing network is none. */
export function isReasonToGiveUp(code: string): boolean {
  return [...BACKEND_FAULTS, 'model-invalid', 'page-lost', 'terminated', 'version-slow'].includes(
    code,
  );
}
