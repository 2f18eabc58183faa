import { MAX_REPORT_BYTES } from '@nearside/core';
import { type FastifyError, type FastifyInstance, fastify } from 'fastify';
import type { Answers } from './answers.js';
import { CONTENT_SECURITY_POLICY, type Dashboard } from './dashboard.js';
import { parseFleetQuery } from './fleet-query.js';
import { isFromThisMachine } from './loopback.js';
import type { Names } from './names.js';
import type { ProcessMetrics } from './process-metrics.js';
import { REFUSAL_STATUS } from './refusal.js';
import { addReportRoute } from './report-route.js';
import type { RollupStore } from './rollup-store.js';
import { refusalOf, sendRefusal } from './send-refusal.js';

/** A client that takes longer to send one request is cut off. */
const REQUEST_TIMEOUT_MS = 30_000;

export interface ServerOptions {
  readonly store: Pick<RollupStore, 'add'>;
  readonly answers: Answers;
  /** Which names get rows. */
  readonly names: Names;
  readonly metrics: ProcessMetrics;
  /** Groups of fewer devices are suppressed, except for callers on this machine. */
  readonly minDevices: number;
  readonly dashboard: Dashboard | undefined;
  readonly now: () => number;
  /** Told of a failure of the store, or of a bug; the caller was answered 503 or 500. */
  readonly onError: (error: unknown) => void;
}

/** All routes; the store stays the caller's to close. Nothing is logged, least of all bodies. */
export function createServer(options: ServerOptions): FastifyInstance {
  const { store, answers, names, metrics, minDevices, dashboard, now, onError } = options;
  const server = fastify({
    bodyLimit: MAX_REPORT_BYTES,
    requestTimeout: REQUEST_TIMEOUT_MS,
    // A request that arrives while closing is still served: our store closes after the server.
    return503OnClosing: false,
    frameworkErrors: (error, _request, reply) => {
      return sendRefusal(reply, { code: 'request-malformed', message: error.message });
    },
  });

  server.addHook('onRequest', async (_request, reply) => {
    reply.headers({
      'X-Content-Type-Options': 'nosniff',
      'Cache-Control': 'no-store',
      'Cross-Origin-Resource-Policy': 'same-origin',
    });
  });
  server.setNotFoundHandler((request, reply) => {
    return sendRefusal(reply, {
      code: 'not-found',
      message: `Nothing answers ${request.method} ${request.url.split('?')[0]}.`,
    });
  });
  server.setErrorHandler<FastifyError>((error, _request, reply) => {
    const refusal = refusalOf(error);
    if (REFUSAL_STATUS[refusal.code] >= 500) onError(error);
    return sendRefusal(reply, refusal);
  });

  addReportRoute(server, { store, names, metrics, now, onError });

  server.get('/v1/fleet/models', async () => ({ models: await answers.models() }));
  server.get('/v1/fleet/latency', async (request, reply) => {
    const parsed = parseFleetQuery(request.query, now());
    if (!parsed.ok) return sendRefusal(reply, parsed.refusal);
    const floor = isFromThisMachine(request.raw) ? 1 : minDevices;
    return answers.latency(parsed.query, floor);
  });

  server.get('/metrics', async (_request, reply) => {
    const text = (await answers.metrics()) + (await metrics.text());
    return reply.type('text/plain; version=0.0.4; charset=utf-8').send(text);
  });
  server.get('/healthz', async () => ({ status: 'ok' }));

  addDashboard(server, dashboard);
  return server;
}

function addDashboard(server: FastifyInstance, dashboard: Dashboard | undefined): void {
  if (!dashboard) {
    server.get('/', async (_request, reply) =>
      sendRefusal(reply, {
        code: 'dashboard-not-built',
        message: 'The dashboard is not built. Run: npm run build -w packages/collector',
      }),
    );
    return;
  }
  for (const [path, { body, contentType, cacheControl }] of dashboard) {
    server.get(path, async (_request, reply) =>
      reply
        .headers({
          'Content-Security-Policy': CONTENT_SECURITY_POLICY,
          'Cross-Origin-Opener-Policy': 'same-origin',
          'Referrer-Policy': 'no-referrer',
          'Cache-Control': cacheControl,
        })
        .type(contentType)
        .send(body),
    );
  }
}
