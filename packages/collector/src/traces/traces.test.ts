import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type ModelFacts, TRACE_LIMITS, type Traces } from '@nearside/core';
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest';
import { RETENTION } from '../counting/retention.js';
import { DAY_MS } from '../counting/time.js';
import {
  type Collector,
  type CollectorOptions,
  startCollector,
} from '../server/start-collector.js';
import { openSqliteRollupStore } from '../sqlite/sqlite-rollup-store.js';
import { NOW_MS, sampleReport } from '../testing/sample-report.js';
import { sampleRunTrace, sampleTraces } from '../testing/sample-traces.js';

let collector: Collector;
beforeEach(async () => {
  collector = await start();
});
afterEach(() => collector.close());

const FACTS: ModelFacts = {
  format: 1,
  models: ['digits', 'voice'].map((model) => ({ model, versions: [] })),
};

function start(options: Partial<CollectorOptions> = {}): Promise<Collector> {
  return startCollector({
    file: ':memory:',
    port: 0,
    local: true,
    models: FACTS,
    now: () => NOW_MS,
    ...options,
  });
}

async function restart(options: Partial<CollectorOptions>): Promise<void> {
  await collector.close();
  collector = await start(options);
}

function post(body: unknown, { search = '', headers = {} as HeadersInit } = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return fetch(`${collector.url}/v1/traces${search}`, { method: 'POST', body: text, headers });
}

function read(search = '?model=digits', headers: HeadersInit = {}) {
  return fetch(`${collector.url}/v1/fleet/traces${search}`, { headers });
}

async function kept(search?: string) {
  const { traces } = (await (await read(search)).json()) as {
    traces: { arrivedMs: number; spans: { name: string; spanId: string }[] }[];
  };
  return traces;
}

/** With one thing changed. */
function changed(change: (spans: Record<string, unknown>[]) => void): unknown {
  const traces = structuredClone(sampleTraces({})) as Traces;
  change(traces.resourceSpans[0].scopeSpans[0].spans as unknown as Record<string, unknown>[]);
  return traces;
}

test('runs that failed or were slow are kept, the last first, and sampled ones are not', async () => {
  await post(sampleTraces({ reason: 'slow' }, { reason: 'sampled' }));
  const answer = await post(sampleTraces({ reason: 'failed', code: 'backend-failed' }));
  expect(answer.status).toBe(204);
  expect(await answer.text()).toBe('');
  const names = (await kept()).map(({ spans }) => spans.map(({ name }) => name));
  expect(names).toEqual([
    ['inference'],
    ['inference', 'queue', 'preprocess', 'model', 'postprocess'],
  ]);
  expect(await kept('?model=digits&limit=1')).toMatchObject([{ arrivedMs: NOW_MS }]);
});

test('a sampled run that failed is kept too', async () => {
  await post(sampleTraces({ reason: 'sampled', code: 'deadline' }));
  expect(await kept()).toHaveLength(1);
});

test('a resend is the same run', async () => {
  const traces = sampleTraces({}, {});
  for (let i = 0; i < 3; i += 1) expect((await post(traces)).status).toBe(204);
  expect(await kept()).toHaveLength(2);
});

test('traces of a model that nobody lists are not kept, and those of one model push out none of another', async () => {
  await post(sampleTraces({ model: 'voice' }));
  const forged = (model: string) =>
    JSON.stringify(sampleTraces(...Array.from({ length: TRACE_LIMITS.runs }, () => ({ model }))));
  expect((await post(forged('forged'))).status).toBe(204);
  expect(await kept('?model=forged')).toEqual([]);
  const requests = Math.ceil(RETENTION.tracesOfModel / TRACE_LIMITS.runs) + 1;
  for (let i = 0; i < requests; i += 1) await post(forged('digits'));
  expect(await kept('?model=voice')).toHaveLength(1);
});

test('without models.json the models that reported are those whose traces are kept', async () => {
  await restart({ models: undefined });
  await post(sampleTraces({}));
  expect(await kept()).toEqual([]);
  const report = JSON.stringify(sampleReport());
  await fetch(`${collector.url}/v1/reports`, { method: 'POST', body: report });
  await post(sampleTraces({}));
  expect(await kept()).toHaveLength(1);
});

test('a model is told of its own runs alone', async () => {
  await post(sampleTraces({ model: 'voice' }, {}));
  expect(await kept()).toHaveLength(1);
  expect(await kept('?model=unknown')).toEqual([]);
});

test.each<[string, (spans: Record<string, unknown>[]) => void]>([
  ['a field that no device writes', ([run]) => Object.assign(run ?? {}, { events: [] })],
  ['another attribute', ([run]) => attributes(run).push(attribute('input', '…'))],
  ['an attribute twice', ([run]) => attributes(run).push(attribute('nearside.model', 'digits'))],
  ['none of those it must have', ([run]) => attributes(run).splice(0)],
  ['the text of an error', ([run]) => attributes(run).push(attribute('error.type', 'It broke!'))],
  ['a message', ([run]) => Object.assign(run ?? {}, { status: { code: 2, message: 'text' } })],
  ['another span', ([, stage]) => Object.assign(stage ?? {}, { name: 'secret' })],
  [
    'a stage of no run',
    ([, stage]) => Object.assign(stage ?? {}, { parentSpanId: 'a'.repeat(16) }),
  ],
  ['a stage twice', ([, stage, other]) => Object.assign(other ?? {}, { name: stage?.name })],
  ['an id of zeros', ([run]) => Object.assign(run ?? {}, { traceId: '0'.repeat(32) })],
  ['an end before its start', ([run]) => Object.assign(run ?? {}, { endTimeUnixNano: '1' })],
  ['a time that is none', ([run]) => Object.assign(run ?? {}, { endTimeUnixNano: 'now' })],
  ['nothing at all', (spans) => spans.splice(0)],
])('%s is refused with its path, and nothing is kept', async (_, change) => {
  const answer = await post(changed(change));
  expect(answer.status).toBe(422);
  expect(await answer.json()).toMatchObject({
    error: { code: 'traces-invalid', details: { path: expect.stringContaining('resourceSpans') } },
  });
  expect(await kept()).toEqual([]);
});

function attributes(run: Record<string, unknown> | undefined) {
  return run?.attributes as unknown[];
}

function attribute(key: string, stringValue: string) {
  return { key, value: { stringValue } };
}

test('what is too large, or no JSON, is refused for good, and each outcome is counted', async () => {
  const runs = Array.from({ length: TRACE_LIMITS.runs + 1 }, () => ({ code: 'deadline' }));
  expect((await post(sampleTraces(...runs))).status).toBe(422);
  expect((await post(' '.repeat(TRACE_LIMITS.bytes + 1))).status).toBe(413);
  expect((await post('{')).status).toBe(400);
  expect((await fetch(`${collector.url}/v1/traces`)).status).toBe(405);
  await post(sampleTraces({}));
  const metrics = await (await fetch(`${collector.url}/metrics`)).text();
  for (const [outcome, n] of [
    ['accepted', 1],
    ['traces-invalid', 1],
    ['traces-too-large', 1],
    ['not-json', 1],
  ]) {
    expect(metrics).toContain(`nearside_collector_traces_total{outcome="${outcome}"} ${n}`);
  }
});

test('as many runs as a device sends at a time fit, with all their stages', async () => {
  const runs = Array.from({ length: TRACE_LIMITS.runs }, () => ({}));
  expect((await post(sampleTraces(...runs))).status).toBe(204);
  expect(await kept()).toHaveLength(TRACE_LIMITS.runs);
});

test('origins, site token and read token are those of reports', async () => {
  const siteToken = 'site-token-0123456789';
  const readToken = 'read-token-0123456789';
  await restart({ siteToken, readToken, origins: ['https://app.example'] });
  const traces = sampleTraces({});
  const from = (origin: string) => ({ search: `?token=${siteToken}`, headers: { origin } });
  expect((await post(traces)).status).toBe(403);
  expect((await post(traces, from('https://other.example'))).status).toBe(403);
  const answer = await post(traces, from('https://app.example'));
  expect(answer.status).toBe(204);
  expect(answer.headers.get('access-control-allow-origin')).toBe('*');
  expect((await read()).status).toBe(401);
  expect((await read('?model=digits', { authorization: `Bearer ${readToken}` })).status).toBe(200);
});

test.each([
  '',
  '?model=digits&limit=0',
  '?model=digits&limit=101',
  '?model=digits&limit=x',
  '?model=digits&all=1',
])('a query such as "%s" is refused', async (search) => {
  expect((await read(search)).status).toBe(400);
});

test('the last 1,000 of a model are kept, and none for longer than seven days', async () => {
  const store = openSqliteRollupStore(':memory:');
  const most = RETENTION.tracesOfModel;
  const [oldest, ...others] = Array.from({ length: most + 1 }, () => sampleRunTrace());
  await store.addTraces([sampleRunTrace({ model: 'voice' })], NOW_MS);
  await store.addTraces(oldest ? [oldest] : [], NOW_MS);
  await store.addTraces(others, NOW_MS);
  await store.prune(NOW_MS);
  const all = await store.traces({ model: 'digits', limit: most + 1 });
  expect(all).toHaveLength(most);
  expect(JSON.stringify(all.at(-1))).not.toContain(oldest?.spanId);
  expect(await store.traces({ model: 'voice', limit: 1 })).toHaveLength(1);
  await store.addTraces([sampleRunTrace()], NOW_MS + DAY_MS);
  await store.prune(NOW_MS + 7 * DAY_MS + 1);
  expect(await store.traces({ model: 'digits', limit: 10 })).toHaveLength(1);
  await store.close();
});

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Receives traces, and answers with a status. */
async function startReceiver(status = 200) {
  const received: Received[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const piece of request) body += piece;
    received.push({ headers: request.headers, body });
    response.writeHead(status).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { received, host: `127.0.0.1:${port}` };
}

test('what is kept is sent on as JSON, and nothing else: a run of an invented model never gets the credentials', async () => {
  const { received, host } = await startReceiver();
  await restart({ tracesTo: `http://otel:secret@${host}/v1/traces` });
  for (const invented of [{ model: 'forged' }, { reason: 'sampled' as const }]) {
    expect((await post(sampleTraces(invented))).status).toBe(204);
  }
  const traces = sampleTraces({ model: 'voice' }, { code: 'deadline' });
  const [{ scopeSpans }] = structuredClone(traces).resourceSpans;
  const mixed = sampleTraces({ model: 'forged' }, { reason: 'sampled' });
  (mixed.resourceSpans[0].scopeSpans[0].spans as unknown[]).push(...scopeSpans[0].spans);
  expect((await post(mixed)).status).toBe(204);
  await vi.waitFor(() => expect(received.length).toBeGreaterThan(0), 30_000);
  expect(received).toHaveLength(1); // what came before would have been sent before
  expect(received[0]?.headers).toMatchObject({ 'content-type': 'application/json' });
  expect(JSON.parse(received[0]?.body ?? '')).toEqual(traces);
});

test('what is sent on is what was admitted, whatever else the body says', async () => {
  const { received, host } = await startReceiver();
  await restart({ tracesTo: `http://${host}/v1/traces` });
  const traces = sampleTraces({});
  const whole = JSON.stringify(traces).slice(1);
  const body = `{ "resourceSpans": ["smuggled"], ${whole}`;
  expect((await post(body)).status).toBe(204);
  await vi.waitFor(() => expect(received).toHaveLength(1), 30_000);
  expect(received[0]?.body).not.toContain('smuggled');
  expect(JSON.parse(received[0]?.body ?? '')).toEqual(traces);
});

test('a receiver that does not take traces is told of, keeps nobody waiting, and its password is in no message', async () => {
  const { received, host } = await startReceiver(500);
  const errors: unknown[] = [];
  await restart({
    tracesTo: `http://otel:s%3Acret@${host}/v1/traces?key=hidden`,
    onError: (error) => errors.push(error),
  });
  expect((await post(sampleTraces({}))).status).toBe(204);
  await vi.waitFor(() => expect(errors).toHaveLength(1), 30_000);
  const expected = `Traces were not forwarded to http://${host}: expected status 200, got 500.`;
  expect(errors).toMatchObject([{ message: expected }]);
  const basic = Buffer.from('otel:s:cret').toString('base64');
  expect(received[0]?.headers.authorization).toBe(`Basic ${basic}`);
});

test.each([
  'otel',
  'ftp://otel.example',
  'ftp://otel:secret@otel.example',
  'http://a:secret@:x',
  '',
])('traces cannot be sent on to "%s"', async (tracesTo) => {
  const error = await start({ tracesTo }).catch((cause: unknown) => cause);
  expect(error).toMatchObject({ code: 'option-invalid' });
  expect(String(error)).not.toContain('secret');
});
