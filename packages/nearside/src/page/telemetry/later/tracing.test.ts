import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createMemoryStore } from '@nearside/artifact';
import {
  type ErrorCode,
  parse,
  ReportSchema,
  record,
  TRACE_LIMITS,
  TracesSchema,
} from '@nearside/core';
import { afterEach, expect, test, vi } from 'vitest';
import type { EndedRun } from '../../../shared/ended-run.js';
import { SAMPLE_DIMENSIONS } from '../../../testing/sample-dimensions.js';
import type { ReportTarget } from '../../options/plan-opening.js';
import { createReportTotals } from '../recorded.js';
import { asSubject } from './report-subject.js';
import { startReporting } from './reporting.js';
import { increment } from './tally.js';
import { besideReports, openTracing } from './tracing.js';

const { weight: _, ...dimensions } = SAMPLE_DIMENSIONS;
const identity = { id: '0'.repeat(32), cohort: 3 };

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

/** A collector that answers with a status, and what came to which path. */
async function collect(answer: { status: number } = { status: 204 }) {
  const received: { path: string | undefined; type: string | undefined; body: string }[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const piece of request) body += piece;
    if (request.method === 'POST') {
      received.push({ path: request.url, type: request.headers['content-type'], body });
    }
    response.writeHead(answer.status).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closers.push(() => server.close());
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/v1/reports?token=site`, received, answer };
}

function targetOf(url: string, given: Partial<ReportTarget> = {}): ReportTarget {
  return {
    receivers: [url],
    sampleRate: 1,
    traceRate: 0.01,
    app: undefined,
    consent: undefined,
    ...given,
  };
}

function trace(target: ReportTarget, { store = createMemoryStore(), mayReport = true } = {}) {
  const tracing = openTracing(target, {
    store,
    model: dimensions.model,
    identity,
    mayReport: async () => mayReport,
  });
  closers.push(tracing.stop);
  const fail = (code: ErrorCode = 'backend-failed', manifestSha256 = 'a'.repeat(64)) =>
    tracing.ran(
      {
        id: '0badcafe-7',
        totalMs: 5,
        outcome: { kind: 'failed', code },
        served: { version: { manifestSha256 } },
      } as EndedRun,
      { dimensions, atMs: Date.now() },
    );
  const waiting = () => store.keys('t/');
  return { tracing, fail, waiting, store };
}

test.each([
  ['https://a.example/v1/reports', 'https://a.example/v1/traces'],
  ['https://a.example/v1/reports?token=x', 'https://a.example/v1/traces?token=x'],
  ['https://a.example/in/reports/', 'https://a.example/in/reports/traces'],
  ['https://a.example', 'https://a.example/traces'],
])('traces of what reports to %s go to %s', (reports, traces) => {
  expect(besideReports(reports)).toBe(traces);
});

function reportTo(target: ReportTarget, store = createMemoryStore()) {
  return startReporting(target, {
    store,
    address: { repository: 'https://models.example/', model: dimensions.model },
    identity,
    totals: createReportTotals(),
    onSent() {},
    onDropped() {},
  });
}

test('traces go beside the reports, as a request that needs no preflight', async () => {
  const { url, received } = await collect();
  const { tracing, fail, waiting } = trace(targetOf(url));
  fail();
  fail();
  await tracing.flush();
  expect(received).toMatchObject([{ path: '/v1/traces?token=site', type: 'text/plain' }]);
  const sent = JSON.parse(received[0]?.body ?? '');
  parse(TracesSchema, sent, { code: 'input-invalid', what: 'traces' });
  expect(sent.resourceSpans[0].scopeSpans[0].spans).toHaveLength(2);
  expect(await waiting()).toEqual([]);
});

test('what no collector takes waits, also for the next visit', async () => {
  const { url, received, answer } = await collect({ status: 503 });
  const { tracing, fail, store, waiting } = trace(targetOf(url));
  fail();
  await tracing.flush();
  expect(await waiting()).toHaveLength(1);
  answer.status = 204;
  const next = trace(targetOf(url), { store });
  await vi.waitFor(async () => expect(await next.waiting()).toEqual([]), 30_000);
  expect(received.at(-1)?.body).toContain('backend-failed');
});

test.each([400, 404, 405, 413, 422])(
  'a collector that answers %i will not take them later',
  async (status) => {
    const { url } = await collect({ status });
    const { tracing, fail, waiting } = trace(targetOf(url));
    fail();
    await tracing.flush();
    expect(await waiting()).toEqual([]);
  },
);

test('without consent none is stored or sent', async () => {
  const { url, received } = await collect();
  const { tracing, fail, waiting } = trace(targetOf(url, { consent: () => false }), {
    mayReport: false,
  });
  fail();
  await tracing.flush();
  expect(await waiting()).toEqual([]);
  expect(received).toEqual([]);
});

test('consent that is taken back deletes traces that wait', async () => {
  const { url, answer } = await collect({ status: 503 });
  const store = createMemoryStore();
  const { tracing, fail } = trace(targetOf(url), { store });
  fail();
  await tracing.flush();
  expect(await store.keys('t/')).toHaveLength(1);
  answer.status = 204;
  const reporting = reportTo(targetOf(url, { consent: () => false }), store);
  await vi.waitFor(async () => expect(await store.keys('t/')).toEqual([]), 30_000);
  await reporting.close();
});

test('from a page that gives arrays a `toJSON` come reports and traces as from any other', async () => {
  const { url, received } = await collect();
  const { tracing, fail } = trace(targetOf(url));
  const reporting = reportTo(targetOf(url));
  const wrapped = Array.prototype as { toJSON?: () => string };
  wrapped.toJSON = () => 'wrapped';
  try {
    const reporter = reporting.of(asSubject({ dimensions, baseline: undefined }));
    reporter.count(({ latency, errors }) => {
      record(latency.total, 5);
      increment(errors, 'deadline');
    });
    await reporter.flush();
    fail();
    await tracing.flush();
  } finally {
    delete wrapped.toJSON;
  }
  const [report, traces] = received.map(({ body }) => JSON.parse(body));
  expect(parse(ReportSchema, report, { code: 'input-invalid', what: 'report' })).toBeTruthy();
  expect(traces.resourceSpans[0].scopeSpans[0].spans).toHaveLength(1);
  await reporting.close();
});

test('on a day on which a device does not report it sends no trace', async () => {
  const { url, received } = await collect();
  const { tracing, fail } = trace(targetOf(url, { sampleRate: 0 }));
  fail();
  await tracing.flush();
  expect(received).toEqual([]);
});

test('a rate of 0 traces nothing', async () => {
  const { url } = await collect();
  const reporting = reportTo(targetOf(url, { traceRate: 0 }));
  expect(reporting.tracing).toBeUndefined();
  await reporting.close();
});

test('where no version is known there is no trace', async () => {
  const { url, received } = await collect();
  const { tracing, fail } = trace(targetOf(url));
  fail('backend-failed', '');
  await tracing.flush();
  expect(received).toEqual([]);
});

test('as many as a request may hold are sent at once', async () => {
  const { url, received } = await collect();
  const { tracing } = trace(targetOf(url, { traceRate: 1 }));
  for (let i = 0; i < TRACE_LIMITS.runs; i += 1) {
    tracing.ran(
      {
        id: `0badcafe-${i}`,
        totalMs: 5,
        outcome: {
          kind: 'ok',
          queueMs: 1,
          reply: { output: [], batch: 1, times: { pre: 1, run: 2, post: 1 } },
        },
        served: { version: { manifestSha256: 'a'.repeat(64) } },
      } as unknown as EndedRun,
      { dimensions, atMs: Date.now() },
    );
  }
  await vi.waitFor(() => expect(received).toHaveLength(1), 30_000);
});
