import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { isNearsideError } from '@nearside/core';
import type { ConnectionError, FastifyError, FastifyReply } from 'fastify';

/** Every code of a refusal, with its HTTP status. */
export const REFUSAL_STATUS = {
  'not-json': 400,
  'query-invalid': 400,
  'request-malformed': 400,
  'read-token-missing': 401,
  'origin-refused': 403,
  'site-token-wrong': 403,
  'not-found': 404,
  'method-not-allowed': 405,
  'report-too-large': 413,
  'traces-too-large': 413,
  'encoding-unsupported': 415,
  'report-invalid': 422,
  'traces-invalid': 422,
  'report-too-old': 422,
  'report-in-future': 422,
  'too-many-requests': 429,
  internal: 500,
  'report-newer': 503,
  'store-unavailable': 503,
  'dashboard-not-built': 503,
} as const satisfies Record<string, number>;

/** A full disk or a lock stays for a while. A device then waits longer by itself. */
const STORE_RETRY_SECONDS = 30;

export type RefusalCode = keyof typeof REFUSAL_STATUS;

/** An error answer has this as `{ error: … }` in its body. */
export interface Refusal {
  readonly code: RefusalCode;
  /** Says what was expected, what was got and what to do. */
  readonly message: string;
  /** The same facts as data. */
  readonly details?: Readonly<Record<string, unknown>>;
  /** Present where the same request may succeed later. It becomes `Retry-After`. */
  readonly retryAfterSeconds?: number;
}

/** Answers `{ error: { code, message, details? } }` with the status of the code. */
export function sendRefusal(reply: FastifyReply, refusal: Refusal): FastifyReply {
  const { retryAfterSeconds, ...error } = refusal;
  if (retryAfterSeconds !== undefined) reply.header('Retry-After', retryAfterSeconds);
  return reply.code(REFUSAL_STATUS[refusal.code]).send({ error });
}

/** Answers what is no request, or none in time, and closes the connection. */
export function refuseConnection({ code }: ConnectionError, socket: Socket): void {
  if (code !== 'ECONNRESET' && socket.writable) {
    const [status, message] = BROKEN[code] ?? [
      400,
      'Expected an HTTP request, got something else.',
    ];
    const body = JSON.stringify({ error: { code: 'request-malformed', message } });
    const headers = [
      `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
      'Connection: close',
      'Content-Type: application/json; charset=utf-8',
      `Content-Length: ${Buffer.byteLength(body)}`,
    ];
    socket.write(`${headers.join('\r\n')}\r\n\r\n${body}`);
  }
  socket.destroy();
}

const BROKEN: Readonly<Record<string, readonly [status: number, message: string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: [408, 'Expected a whole request in time, got a part of one.'],
  HPE_HEADER_OVERFLOW: [431, 'Expected headers of at most 16 KiB, got more.'],
};

/** Makes the refusal for an error that a route threw. */
export function refusalOf(error: FastifyError): Refusal {
  if (isNearsideError(error) && error.code === 'store-unavailable') {
    return {
      code: 'store-unavailable',
      message:
        'The store did not confirm it. Send the same request again: no report is counted twice.',
      retryAfterSeconds: STORE_RETRY_SECONDS,
    };
  }
  if (error.statusCode !== undefined && error.statusCode < 500) {
    return { code: 'request-malformed', message: error.message };
  }
  return { code: 'internal', message: 'The collector failed. The request may be sent again.' };
}
