import { MAX_REPORT_BYTES, type ModelFacts } from '@nearside/core';
import { type FastifyError, type FastifyInstance, fastify } from 'fastify';
import { ACCESS_DEFAULTS, type Access } from '../access/access.js';
import { createAddressLimit } from '../access/address-limit.js';
import { looksLocal } from '../access/loopback.js';
import { requireReader } from '../access/reading.js';
import { createWritingCheck } from '../access/writing.js';
import { type Answers, FLEET_QUESTIONS, scopeOf } from '../answers/answers.js';
import type { Names } from '../counting/names.js';
import type { Prices } from '../files/prices.js';
import type { Targets } from '../files/targets.js';
import { factsAbout, parseFleetQuery } from '../fleet/query.js';
import type { ProcessMetrics } from '../metrics/process-metrics.js';
import { REFUSAL_STATUS, refusalOf, refuseConnection, sendRefusal } from '../refusals/refusal.js';
import { addReportRoute } from '../reports/report-route.js';
import type { RollupStore } from '../store/rollup-store.js';
import type { TraceForwarder } from '../traces/forward-traces.js';
import { parseTraceQuery } from '../traces/trace-query.js';
import { addTraceRoute } from '../traces/trace-route.js';
import { CONTENT_SECURITY_POLICY, type Dashboard } from './dashboard.js';
import type { Readiness } from './readiness.js';
import { addRunbooks } from './runbooks.js';

/** A client that takes longer is cut off. A report is 8 KB at most, which takes a second over 2G. */
const TIMEOUTS = Object.freeze({
  headersMs: 10_000,
  /** The whole request. */
  requestMs: 20_000,
  /** Connections are looked at so often. Node's own 30 s would triple both limits. */
  checkEveryMs: 1_000,
});

export interface ServerOptions {
  readonly store: Pick<RollupStore, 'add' | 'addTraces' | 'traces' | 'freeBytes'>;
  readonly answers: Answers;
  readonly names: Names;
  readonly metrics: ProcessMetrics;
  /** Groups of fewer devices are suppressed; with `local` not for callers on this machine. */
  readonly minDevices: number;
  /** Without it everybody may send reports, and nobody reads. */
  readonly access?: Access;
  /** The present targets of models. */
  readonly targets: () => Targets;
  /** The present facts of models, from their repositories. */
  readonly facts: () => ModelFacts | undefined;
  readonly prices: () => Prices | undefined;
  readonly readiness: () => Promise<Readiness>;
  readonly dashboard: Dashboard | undefined;
  /** Traces that are kept are also sent on to this. */
  readonly forwardTraces?: TraceForwarder | undefined;
  readonly now: () => number;
  /** Told of a failure of the store, or of a bug. The caller was answered 503 or 500. */
  readonly onError: (error: unknown) => void;
}

/** Makes the server with all routes. The caller closes the store. Nothing is logged. */
export function createServer(options: ServerOptions): FastifyInstance {
  const { store, names, metrics, readiness, dashboard, now, onError } = options;
  const { access = ACCESS_DEFAULTS } = options;
  const server = fastify({
    bodyLimit: MAX_REPORT_BYTES,
    requestTimeout: TIMEOUTS.requestMs,
    http: {
      headersTimeout: TIMEOUTS.headersMs,
      connectionsCheckingInterval: TIMEOUTS.checkEveryMs,
    },
    trustProxy: [...access.trustedProxies],
    // the store closes after the server, so a request that arrives while closing is served
    return503OnClosing: false,
    clientErrorHandler: refuseConnection,
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

  const limit = createAddressLimit({
    local: access.local,
    perMinute: access.requestsPerMinute,
    now,
    onError,
  });
  const mayWrite = createWritingCheck(access);
  addReportRoute(server, { store, names, metrics, limit, mayWrite, now, onError });
  const forward = options.forwardTraces;
  addTraceRoute(server, { store, names, metrics, limit, mayWrite, forward, now, onError });

  server.get('/healthz', async () => ({ status: 'ok' }));
  server.get('/readyz', async (_request, reply) => {
    const answer = await readiness();
    return reply.code(answer.status === 'ready' ? 200 : 503).send(answer);
  });
  server.register(async (scope) => {
    scope.addHook('onRequest', async (request, reply) => {
      const refusal = limit(request);
      if (refusal) return sendRefusal(reply, refusal);
    });
    requireReader(scope, { ...access, now });
    addFigures(scope, options);
    addRunbooks(scope);
    addDashboard(scope, dashboard);
  });
  return server;
}

/** Adds the routes that show what the fleet did. */
function addFigures(
  server: FastifyInstance,
  {
    store,
    answers,
    metrics,
    targets,
    facts,
    prices,
    minDevices,
    access = ACCESS_DEFAULTS,
    readiness,
    now,
    onError,
  }: ServerOptions,
): void {
  server.get('/v1/fleet/models', async () => ({
    models: await answers.models(),
    nowMs: now(),
    minDevices,
  }));
  for (const question of FLEET_QUESTIONS) {
    server.get(`/v1/fleet/${question}`, async (request, reply) => {
      const parsed = parseFleetQuery(request.query, now(), scopeOf(question));
      if (!parsed.ok) return sendRefusal(reply, parsed.refusal);
      const query = parsed.value;
      return answers.fleet(question, query, {
        minDevices: access.local && looksLocal(request.raw) ? 1 : minDevices,
        targets: targets(),
        ...factsAbout(query.model, facts()),
        prices: prices(),
      });
    });
  }
  server.get('/v1/fleet/traces', async (request, reply) => {
    const parsed = parseTraceQuery(request.query);
    if (!parsed.ok) return sendRefusal(reply, parsed.refusal);
    return { traces: await store.traces(parsed.value) };
  });

  server.get('/metrics', async (_request, reply) => {
    // a collector whose store fails says so here, and is not taken for one that is down
    const ofFleet = await answers.metrics(targets(), now()).catch((error: unknown) => {
      onError(error);
      return '';
    });
    const { status } = await readiness();
    metrics.storeState(status === 'ready', await store.freeBytes().catch(() => 0));
    const text = ofFleet + (await metrics.text());
    return reply.type('text/plain; version=0.0.4; charset=utf-8').send(text);
  });
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
