import { NearsideError } from '@nearside/core';

/** What calls get after `close()`. */
export function closedError(model: string): NearsideError {
  return new NearsideError('closed', `Expected an open model, got ${model} after close().`, {
    details: { model },
  });
}
