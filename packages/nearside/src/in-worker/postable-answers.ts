import { NearsideError } from '@nearside/core';
import type { Endpoint } from 'comlink';
import { type Reply, toWireError } from '../protocol.js';

/** One end of a channel: what a model is served at. */
export type ServerEndpoint = Endpoint;

/**
 * An endpoint at which an answer that cannot be posted becomes one that can: a reply that says so, in
 * place of Comlink's own error, which has no code.
 */
export function postableAnswers(endpoint: ServerEndpoint): ServerEndpoint {
  return {
    addEventListener: (...listener) => endpoint.addEventListener(...listener),
    removeEventListener: (...listener) => endpoint.removeEventListener(...listener),
    start: () => endpoint.start?.(),
    postMessage(answer, transfer) {
      try {
        endpoint.postMessage(answer, transfer);
      } catch (cause) {
        endpoint.postMessage({ ...answer, value: unpostable(cause) } satisfies {
          value: Reply<never>;
        });
      }
    },
  };
}

function unpostable(cause: unknown): Reply<never> {
  const got = cause instanceof Error ? cause.message : String(cause);
  const error = new NearsideError(
    'backend-failed',
    `Expected an answer that can leave the worker, got one that cannot: ${got}`,
    { cause },
  );
  return { ok: false, error: toWireError(error, 'backend-failed') };
}
