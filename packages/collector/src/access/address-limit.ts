import type { FastifyRequest } from 'fastify';
import type { Refusal } from '../refusals/refusal.js';
import { isForwarded, isLoopbackAddress, looksLocal } from './loopback.js';
import { createRequestLimit } from './request-limit.js';

/** Says why a request has to wait, or undefined. */
export type AddressLimit = (request: FastifyRequest) => Refusal | undefined;

/**
 * Limits how often one address may ask; with `local` all but this machine. A trusted proxy says whose address it is. All
 * that comes through another proxy counts as one address, and `onError` is told.
 */
export function createAddressLimit({
  local,
  perMinute,
  now,
  onError,
}: {
  local: boolean;
  perMinute: number;
  now: () => number;
  onError: (error: unknown) => void;
}): AddressLimit {
  const limit = createRequestLimit({ perMinute });
  const told = new Set<string>();

  function tellOfProxy(address: string): void {
    if (told.has(address) || told.size >= 10) return;
    told.add(address);
    onError(
      new Error(
        `All requests that come from ${address} count as one address, and it has reached its limit. If that is your proxy, let it send X-Forwarded-For, and give \`--trusted-proxy ${address}\`.`,
      ),
    );
  }

  return (request) => {
    if (local && looksLocal(request.raw)) return undefined;
    const seconds = limit(request.ip, now());
    if (seconds === 0) return undefined;
    const { remoteAddress } = request.socket;
    const isProxy = isForwarded(request.raw) || isLoopbackAddress(remoteAddress);
    if (request.ip === remoteAddress && isProxy) tellOfProxy(request.ip);
    return {
      code: 'too-many-requests',
      message: `Expected at most ${perMinute} requests a minute from one address, got more. Send it again after \`Retry-After\`.`,
      retryAfterSeconds: seconds,
    };
  };
}
