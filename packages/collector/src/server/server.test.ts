import { NearsideError } from '@nearside/core';
import { expect, test } from 'vitest';
import { ACCESS_DEFAULTS } from '../access/access.js';
import { answersOver, FLEET_QUESTIONS, scopeOf } from '../answers/answers.js';
import { parseTargets } from '../files/targets.js';
import { createProcessMetrics } from '../metrics/process-metrics.js';
import { openSqliteRollupStore } from '../sqlite/sqlite-rollup-store.js';
import type { RollupStore } from '../store/rollup-store.js';
import { READY } from '../testing/ready.js';
import { freshNames, NOW_MS, sampleReport } from '../testing/sample-report.js';
import { createServer } from './server.js';

/** A server over a store of which `broken` replaces some methods. */
function serverOver(broken: Partial<RollupStore>) {
  const errors: unknown[] = [];
  const store = { ...openSqliteRollupStore(':memory:'), ...broken };
  const server = createServer({
    store,
    answers: answersOver(store),
    names: freshNames(),
    metrics: createProcessMetrics(NOW_MS),
    minDevices: 50,
    access: { ...ACCESS_DEFAULTS, local: true },
    readiness: async () => READY,
    targets: () => parseTargets({}),
    facts: () => undefined,
    prices: () => undefined,
    dashboard: undefined,
    now: () => NOW_MS,
    onError: (error) => errors.push(error),
  });
  return { server, errors };
}

const full = new NearsideError('store-unavailable', 'disk full');

test('a store that cannot write answers 503 with Retry-After, and the resend is counted once', async () => {
  const store = openSqliteRollupStore(':memory:');
  let isFull = true;
  const { server, errors } = serverOver({
    ...store,
    add: (batch) => (isFull ? Promise.reject(full) : store.add(batch)),
  });
  const request = {
    method: 'POST',
    url: '/v1/reports',
    payload: JSON.stringify(sampleReport()),
  } as const;

  const refused = await server.inject(request);
  expect(refused.statusCode).toBe(503);
  expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
  expect(refused.headers['access-control-allow-origin']).toBe('*');
  expect(refused.json()).toMatchObject({ error: { code: 'store-unavailable' } });
  expect(errors).toEqual([full]);

  isFull = false;
  expect((await server.inject(request)).statusCode).toBe(204);
  expect((await server.inject(request)).statusCode).toBe(204);
  const { body } = await server.inject('/metrics');
  expect(body).toContain('nearside_collector_reports_total{outcome="store-unavailable"} 1');
  expect(body).toContain('nearside_collector_reports_total{outcome="accepted"} 1');
  expect(body).toContain('nearside_collector_reports_total{outcome="duplicate"} 1');
});

test('a store that cannot be read answers 503, and health stays up', async () => {
  const { server, errors } = serverOver({ cells: () => Promise.reject(full) });
  const response = await server.inject('/v1/fleet/latency?model=digits');
  expect(response.statusCode).toBe(503);
  expect(response.json()).toMatchObject({ error: { code: 'store-unavailable' } });
  expect(errors).toEqual([full]);
  expect((await server.inject('/healthz')).statusCode).toBe(200);
});

test('where the store cannot be read or written /metrics still says what the process knows', async () => {
  const { server, errors } = serverOver({
    totals: () => Promise.reject(full),
    freeBytes: async () => 12_345,
  });
  const { statusCode, body } = await server.inject('/metrics');
  expect(statusCode).toBe(200);
  expect(body).toContain('nearside_collector_ready 1');
  expect(body).toContain('nearside_collector_free_bytes 12345');
  expect(body).not.toContain('nearside_inferences_total');
  expect(errors).toEqual([full]);
});

test('a bug answers 500 without its message and is told to the owner', async () => {
  const bug = new TypeError('secret detail');
  const { server, errors } = serverOver({ models: () => Promise.reject(bug) });
  const response = await server.inject('/v1/fleet/models');
  expect(response.statusCode).toBe(500);
  expect(response.body).not.toContain('secret');
  expect(response.json()).toMatchObject({ error: { code: 'internal' } });
  expect(errors).toEqual([bug]);
});

test('a range that is longer than what is kept by cohort is refused, and an hour that is not over is not judged', async () => {
  const { server } = serverOver({});
  const ask = (from: number, question: string) =>
    server.inject(`/v1/fleet/${question}?model=digits&from=${from}&to=${NOW_MS}`);
  const refused = await ask(NOW_MS - 40 * 86_400_000, 'drift');
  expect(refused.statusCode).toBe(400);
  expect(refused.json()).toMatchObject({ error: { code: 'query-invalid' } });
  const silence = await ask(NOW_MS - 6 * 3_600_000, 'silence');
  const { toMs } = silence.json() as { toMs: number };
  expect(toMs).toBeLessThan(NOW_MS - 3_600_000 + 1);
});

test('each question is answered over its longest range, and refuses a longer one', async () => {
  const { server } = serverOver({});
  for (const question of FLEET_QUESTIONS) {
    const ask = (days: number) =>
      server.inject(
        `/v1/fleet/${question}?model=digits&from=${NOW_MS - days * 86_400_000}&to=${NOW_MS}`,
      );
    const { maxDays } = scopeOf(question);
    const answer = await ask(maxDays);
    expect(answer.statusCode, question).toBe(200);
    expect(answer.json(), question).toMatchObject({ model: 'digits' });
    expect((await ask(maxDays + 1)).statusCode, question).toBe(400);
  }
});

test('last month is asked about in whole days; drift, of which the hours are gone, says so', async () => {
  const { server } = serverOver({});
  const dayMs = 86_400_000;
  const [from, to] = [NOW_MS - 60 * dayMs, NOW_MS - 40 * dayMs];
  const ask = (question: string) =>
    server.inject(`/v1/fleet/${question}?model=digits&from=${from}&to=${to}`);
  for (const question of ['service', 'accuracy', 'canary', 'faults']) {
    const answer = (await ask(question)).json() as { fromMs: number; toMs: number };
    expect(answer.fromMs, question).toBe(Math.floor(from / dayMs) * dayMs);
    expect(answer.toMs, question).toBe(Math.ceil(to / dayMs) * dayMs);
  }
  const drift = await ask('drift');
  expect(drift.statusCode).toBe(400);
  expect(drift.json()).toMatchObject({
    error: { code: 'query-invalid', message: expect.stringContaining('kept for 35 days') },
  });
});
