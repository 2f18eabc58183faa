import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { AddressLimit } from '../access/address-limit.js';
import type { WritingCheck } from '../access/writing.js';
import type { ProcessMetrics } from '../metrics/process-metrics.js';
import {
  REFUSAL_STATUS,
  type Refusal,
  type RefusalCode,
  refusalOf,
  sendRefusal,
} from '../refusals/refusal.js';

/** Every answer has these, refusals too. Without them a page cannot read even the status. */
const CORS_HEADERS = Object.freeze({
  'Access-Control-Allow-Origin': '*',
  'Access-Control-Expose-Headers': 'Retry-After',
  'Cross-Origin-Resource-Policy': 'cross-origin',
});

const PREFLIGHT_HEADERS = Object.freeze({
  'Access-Control-Allow-Methods': 'POST',
  'Access-Control-Allow-Headers': 'Content-Type',
  'Access-Control-Max-Age': '86400',
});

/** All writing routes have these in common. */
export interface WritingOptions {
  readonly metrics: ProcessMetrics;
  readonly limit: AddressLimit;
  readonly mayWrite: WritingCheck;
  readonly now: () => number;
  readonly onError: (error: unknown) => void;
}

interface WritingRouteOptions extends Pick<WritingOptions, 'limit' | 'mayWrite' | 'onError'> {
  readonly path: string;
  readonly maxBytes: number;
  /** The refusal of a body over `maxBytes`. */
  readonly tooLarge: () => Refusal;
  readonly countRefusal: (code: RefusalCode) => void;
  /** Takes a body in, or says why not. */
  readonly receive: (body: Uint8Array) => Promise<Refusal | undefined>;
}

/** Adds a route to which pages of other origins post bytes, within limits, and with a token where one is needed. */
export function addWritingRoute(server: FastifyInstance, options: WritingRouteOptions): void {
  const { path, maxBytes, limit, mayWrite, tooLarge, countRefusal, onError, receive } = options;

  function refuse(reply: FastifyReply, refusal: Refusal): FastifyReply {
    countRefusal(refusal.code);
    return sendRefusal(reply, refusal);
  }

  server.register(async (scope) => {
    scope.addHook('onRequest', async (request, reply) => {
      reply.headers(CORS_HEADERS);
      // a browser's preflight has no token, and counts towards no limit
      if (request.method === 'OPTIONS') return;
      const refusal = limit(request) ?? mayWrite(request);
      if (refusal) return refuse(reply, refusal);
      // The body is read as bytes, whatever its type says. Fastify would refuse a type without a slash before any
      // parser saw it.
      request.headers['content-type'] = 'application/octet-stream';
      const encoding = request.headers['content-encoding'];
      if (encoding === undefined || encoding === 'identity') return;
      return refuse(reply, {
        code: 'encoding-unsupported',
        message: `Expected a body without Content-Encoding, got ${encoding}.`,
      });
    });
    scope.setErrorHandler<FastifyError>((error, _request, reply) => {
      const refusal = error.statusCode === 413 ? tooLarge() : refusalOf(error);
      if (REFUSAL_STATUS[refusal.code] >= 500) onError(error);
      return refuse(reply, refusal);
    });
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser(
      'application/octet-stream',
      { parseAs: 'buffer' },
      (_request, body, done) => {
        done(null, body);
      },
    );

    scope.post(path, { bodyLimit: maxBytes }, async (request: FastifyRequest, reply) => {
      const body = request.body instanceof Uint8Array ? request.body : new Uint8Array();
      const refusal = await receive(body);
      return refusal ? refuse(reply, refusal) : reply.code(204).send();
    });
    scope.options(path, async (_request, reply) => {
      return reply.headers(PREFLIGHT_HEADERS).code(204).send();
    });
    scope.route({
      method: ['GET', 'PUT', 'PATCH', 'DELETE'],
      url: path,
      handler: async (request, reply) => {
        reply.header('Allow', 'POST, OPTIONS');
        return refuse(reply, {
          code: 'method-not-allowed',
          message: `Expected POST ${path}, got ${request.method}.`,
        });
      },
    });
  });
}
