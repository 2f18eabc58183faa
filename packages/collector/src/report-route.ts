import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { AddressLimit } from './access/address-limit.js';
import type { WritingCheck } from './access/writing.js';
import { admitReport, tooLarge } from './admit-report.js';
import { contributionOf } from './contribution.js';
import { createGroupCommit } from './group-commit.js';
import type { Names } from './names.js';
import type { ProcessMetrics } from './process-metrics.js';
import { REFUSAL_STATUS, type Refusal } from './refusal.js';
import type { RollupStore } from './rollup-store.js';
import { refusalOf, sendRefusal } from './send-refusal.js';

const PATH = '/v1/reports';

/** On every answer, refusals too: without them a page cannot even read the status. */
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

interface ReportRouteOptions {
  readonly store: Pick<RollupStore, 'add'>;
  readonly names: Names;
  readonly metrics: ProcessMetrics;
  readonly limit: AddressLimit;
  readonly mayWrite: WritingCheck;
  readonly now: () => number;
  readonly onError: (error: unknown) => void;
}

/** `POST /v1/reports`: admit, count once, say how it went. */
export function addReportRoute(server: FastifyInstance, options: ReportRouteOptions): void {
  const { store, names, metrics, limit, mayWrite, now, onError } = options;
  const count = createGroupCommit(store);

  function refuse(reply: FastifyReply, refusal: Refusal): FastifyReply {
    metrics.countReport(refusal.code);
    return sendRefusal(reply, refusal);
  }

  async function receive(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const body = request.body instanceof Uint8Array ? request.body : new Uint8Array();
    const arrivedMs = now();
    const admission = admitReport(body);
    if (!admission.ok) return refuse(reply, admission.refusal);
    const contribution = contributionOf(admission.report, arrivedMs, names);
    const startedMs = performance.now();
    const outcome = await count(contribution);
    metrics.observeWrite((performance.now() - startedMs) / 1000);
    metrics.countReport(outcome === 'counted' ? 'accepted' : 'duplicate');
    if (outcome === 'counted' && contribution.late) metrics.countLate();
    return reply.code(204).send();
  }

  server.register(async (scope) => {
    scope.addHook('onRequest', async (request, reply) => {
      reply.headers(CORS_HEADERS);
      // A browser asks before it sends what a report does not need; neither a limit nor a token helps it.
      if (request.method === 'OPTIONS') return;
      const refusal = limit(request) ?? mayWrite(request);
      if (refusal) return refuse(reply, refusal);
      // Whatever the type says, the body is read as bytes and parsed by us; Fastify itself would
      // refuse a type without a slash before any parser saw it.
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

    scope.post(PATH, receive);
    scope.options(PATH, async (_request, reply) => {
      return reply.headers(PREFLIGHT_HEADERS).code(204).send();
    });
    scope.route({
      method: ['GET', 'PUT', 'PATCH', 'DELETE'],
      url: PATH,
      handler: async (request, reply) => {
        reply.header('Allow', 'POST, OPTIONS');
        return refuse(reply, {
          code: 'method-not-allowed',
          message: `Expected POST ${PATH}, got ${request.method}.`,
        });
      },
    });
  });
}
