import { type ErrorCode, isNearsideError } from '@nearside/core';

/**
 * What befalls one frame and not the next: it does not fit, the app's own task throws for it, or it was lost
 * with a worker that is replaced. A backend that fails would fail at each that comes: that is not of a frame.
 */
const CODES: readonly ErrorCode[] = [
  'input-invalid',
  'input-detached',
  'input-too-large',
  'decode-failed',
  'task-failed',
  'worker-lost',
  'device-lost',
  'terminated',
];

/** Whether a stream may go on without this frame. */
export function isSkippable(error: unknown): boolean {
  return isNearsideError(error) && CODES.includes(error.code);
}
