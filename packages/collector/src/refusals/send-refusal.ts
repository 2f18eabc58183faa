import { isNearsideError } from '@nearside/core';
import type { FastifyError, FastifyReply } from 'fastify';
import { REFUSAL_STATUS, type Refusal } from './refusal.js';

/** A full disk or a lock is not gone at once; a device backs off further by itself. */
const STORE_RETRY_SECONDS = 30;

/** Answers `{ error: { code, message, details? } }` with the status of the code. */
export function sendRefusal(reply: FastifyReply, refusal: Refusal): FastifyReply {
  const { retryAfterSeconds, ...error } = refusal;
  if (retryAfterSeconds !== undefined) reply.header('Retry-After', retryAfterSeconds);
  return reply.code(REFUSAL_STATUS[refusal.code]).send({ error });
}

/** What to answer when a route threw. */
export function refusalOf(error: FastifyError): Refusal {
  if (isNearsideError(error) && error.code === 'store-unavailable') {
    return {
      code: 'store-unavailable',
      message: 'The store did not answer and nothing was counted. Send the same request again.',
      retryAfterSeconds: STORE_RETRY_SECONDS,
    };
  }
  if (error.statusCode !== undefined && error.statusCode < 500) {
    return { code: 'request-malformed', message: error.message };
  }
  return { code: 'internal', message: 'The collector failed. The request may be sent again.' };
}
