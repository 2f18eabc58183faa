import { NearsideError } from '@nearside/core';
import type { AvailableBackend } from './runtime-assets.js';

/** Starts the app's own worker for a backend; undefined where it has none. */
export type StartWorker = (backend: AvailableBackend) => Worker | undefined;

/**
 * The same, for one who needs a worker.
 *
 * @throws NearsideError `no-backend` where the app has none, so that the next backend is tried
 */
export function requireOwnWorker(start: StartWorker): StartWorker {
  return (backend) => {
    const worker = start(backend);
    if (worker instanceof Worker) return worker;
    if (worker !== undefined) {
      throw new TypeError(`open: expected \`worker\` to return a Worker; got ${typeof worker}`);
    }
    throw new NearsideError(
      'no-backend',
      `${backend}: expected a worker of the app's own, got none: \`worker\` returned undefined.`,
      { details: { backend } },
    );
  };
}
