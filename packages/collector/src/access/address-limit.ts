import type { FastifyRequest } from 'fastify';
import type { Refusal } from '../refusals/refusal.js';
import { isForwarded, isFromThisMachine } from './loopback.js';
import { createRequestLimit } from './request-limit.js';

/** Says why a request has to wait, or undefined. */
export type AddressLimit = (request: FastifyRequest) => Refusal | undefined;

/**
 * Limits how often one address may ask, but for this machine. A trusted proxy says whose address it is. All that comes
 * through another proxy counts as one address, and `onError` is told.
 */
export function createAddressLimit({
  perMinute,
  now,
  onError,
}: {
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
        `Requests that ${address} passes on count as one address, and it has reached its limit. If that is your proxy, give \`--trusted-proxy ${address}\`.`,
      ),
    );
  }

  return (request) => {
    if (isFromThisMachine(request.raw)) return undefined;
    const seconds = limit(request.ip, now());
    if (seconds === 0) return undefined;
    const { remoteAddress } = request.socket;
    if (request.ip === remoteAddress && isForwarded(request.raw)) tellOfProxy(request.ip);
    return {
      code: 'too-many-requests',
      message: `Expected at most ${perMinute} requests a minute from one address, got more. Send it again after \`Retry-After\`.`,
      retryAfterSeconds: seconds,
    };
  };
}
