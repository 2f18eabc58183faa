import { NearsideError } from '@nearside/core';
import type { AvailableBackend } from '../runtime-assets.js';

/** Starts the app's own worker for a backend; undefined where it has none. */
export type StartWorker = (backend: AvailableBackend) => Worker | undefined;

/** One for each: models share a worker that the same function starts. */
const required = new WeakMap<StartWorker, StartWorker>();

/**
 * The same, for one who needs a worker.
 *
 * @throws NearsideError `no-backend` where the app has none, so that the next backend is tried
 */
export function requireOwnWorker(start: StartWorker): StartWorker {
  const known = required.get(start);
  if (known) return known;
  const own: StartWorker = (backend) => {
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
  required.set(start, own);
  return own;
}
