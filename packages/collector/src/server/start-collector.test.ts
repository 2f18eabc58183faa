import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect, createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import type { ModelFacts, Report } from '@nearside/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { FleetLatency } from '../fleet/latency.js';
import type { FleetReleases } from '../fleet/releases.js';
import { parsePrometheusText } from '../testing/parse-prometheus-text.js';
import { NOW_MS, sampleReport } from '../testing/sample-report.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { PORTS } from './listen.js';
import { type Collector, type CollectorOptions, startCollector } from './start-collector.js';

const folder = temporaryFolder();
let file: string;
let collector: Collector;

beforeEach(async () => {
  file = join(folder, `${randomUUID()}.sqlite`);
  collector = await start();
});
afterEach(() => collector.close());

function start(options: Partial<CollectorOptions> = {}): Promise<Collector> {
  return startCollector({
    file,
    port: 0,
    local: true,
    now: () => NOW_MS,
    shareForMs: 0,
    ...options,
  });
}

function post(body: Report | string | Uint8Array<ArrayBuffer>, headers: HeadersInit = {}) {
  const text = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
  return fetch(`${collector.url}/v1/reports`, { method: 'POST', body: text, headers });
}

async function metrics(): Promise<Map<string, number>> {
  return parsePrometheusText(await (await fetch(`${collector.url}/metrics`)).text());
}

async function outcomes(): Promise<Record<string, number>> {
  const found: Record<string, number> = {};
  for (const [key, value] of await metrics()) {
    const outcome = /^nearside_collector_reports_total\{outcome="(.+)"\}$/.exec(key)?.[1];
    if (outcome && value > 0) found[outcome] = value;
  }
  return found;
}

async function okCount(): Promise<number | undefined> {
  for (const [key, value] of await metrics()) {
    if (key.startsWith('nearside_inferences_total') && key.includes('outcome="ok"')) return value;
  }
  return undefined;
}

async function latency(search = '', headers: HeadersInit = {}): Promise<FleetLatency> {
  const url = `${collector.url}/v1/fleet/latency?model=digits${search}`;
  return (await (await fetch(url, { headers })).json()) as FleetLatency;
}

test('a second collector on the file does not start, and says which one has it and what to do', async () => {
  await expect(start()).rejects.toThrow(
    new RegExp(`process ${process.pid} on .+ writes to it.+ End it, or give another file\\.$`),
  );
});

test('a start that fails leaves the file to the next one', async () => {
  const other = join(folder, `${randomUUID()}.sqlite`);
  const models = { format: 1, models: [null] } as unknown as ModelFacts;
  await expect(start({ file: other, models })).rejects.toThrow();
  await (await start({ file: other })).close();
});

test('a sum near the largest number is refused and spoils nothing', async () => {
  const report = sampleReport();
  const total = { ...report.latency?.total, sum: 1.7e308 };
  expect((await post(JSON.stringify({ ...report, latency: { total } }))).status).toBe(422);
  await post(report);
  expect([...(await metrics()).values()].every(Number.isFinite)).toBe(true);
});

test('with facts, models and versions that they do not name are counted together', async () => {
  const version = { version: '1.2.0', manifest: 'ab'.repeat(32), sequence: 1, state: 'stable' };
  const facts = { format: 1, models: [{ model: 'digits', versions: [version] }] } as const;
  collector.useModels(facts as unknown as ModelFacts);
  await post(sampleReport());
  await post(sampleReport({ dimensions: { version: '9.9.9' } }));
  await post(sampleReport({ dimensions: { model: 'invented' } }));
  const samples = await metrics();
  const ok = (model: string, version: string) =>
    samples.get(
      `nearside_device_class_inferences_total{model="${model}",version="${version}",device="phone",outcome="ok"}`,
    );
  expect(ok('digits', '1.2.0')).toBe(3);
  expect(ok('digits', 'unlisted')).toBe(3);
  expect(ok('unlisted', 'unlisted')).toBe(3);
  expect(samples.get('nearside_collector_folded_names_total{kind="model"}')).toBe(1);
});

test('what facts say of versions is written down at the start and when it changes, once', async () => {
  const version = { version: '1.2.0', manifest: 'ab'.repeat(32), sequence: 1, state: 'canary' };
  const facts = (state: string) =>
    ({
      format: 1,
      models: [{ model: 'digits', versions: [{ ...version, state }] }],
    }) as unknown as ModelFacts;
  await collector.close();
  let nowMs = NOW_MS;
  collector = await start({ models: facts('canary'), now: () => nowMs });
  nowMs += 1000;
  collector.useModels(facts('canary'));
  collector.useModels(facts('stable'));
  await collector.close();
  nowMs += 1000;
  collector = await start({ models: facts('stable'), now: () => nowMs });
  const answer = await fetch(`${collector.url}/v1/fleet/releases?model=digits`);
  const { events } = (await answer.json()) as FleetReleases;
  expect(events.map(({ atMs, state }) => [atMs - NOW_MS, state])).toEqual([
    [0, 'canary'],
    [1000, 'stable'],
  ]);
});

test('a report is accepted with 204, a resend too, and it is counted once', async () => {
  const report = sampleReport();
  expect((await post(report)).status).toBe(204);
  expect((await post(report)).status).toBe(204);
  expect(await outcomes()).toEqual({ accepted: 1, duplicate: 1 });
  expect(await okCount()).toBe(3);
});

test('twenty copies of one report that arrive together are counted once', async () => {
  const report = sampleReport();
  const responses = await Promise.all(Array.from({ length: 20 }, () => post(report)));
  expect(new Set(responses.map(({ status }) => status))).toEqual(new Set([204]));
  expect(await outcomes()).toEqual({ accepted: 1, duplicate: 19 });
  expect(await okCount()).toBe(3);
});

test('the content type does not matter', async () => {
  for (const type of ['text/plain', 'application/json', 'text/plain;charset=UTF-8', 'what ever']) {
    expect((await post(sampleReport(), { 'content-type': type })).status).toBe(204);
  }
  const bare = new TextEncoder().encode(JSON.stringify(sampleReport()));
  expect((await post(bare)).status).toBe(204);
});

const REFUSED: readonly [string, () => Promise<Response>, number, string][] = [
  ['no JSON', () => post('hello'), 400, 'not-json'],
  ['nothing', () => post(''), 400, 'not-json'],
  ['9 KB', () => post(`"${'x'.repeat(9000)}"`), 413, 'report-too-large'],
  ['a wrong field', () => post({ ...sampleReport(), g: 64 }), 422, 'report-invalid'],
  [
    'a window of 31 days ago',
    () => post(sampleReport({ t0: NOW_MS - 31 * 864e5 })),
    422,
    'report-too-old',
  ],
  [
    'a window of next week',
    () => post(sampleReport({ t0: NOW_MS + 7 * 864e5, sent: NOW_MS })),
    422,
    'report-in-future',
  ],
  ['a newer version', () => post('{"v":2,"id":"?"}'), 503, 'report-newer'],
  [
    'gzip that ends halfway, under no encoding',
    () => post(gzipSync(JSON.stringify(sampleReport())).subarray(0, 60)),
    400,
    'not-json',
  ],
  ['10 MB', () => post('x'.repeat(1e7)), 413, 'report-too-large'],
  ['gzip', () => post('x', { 'content-encoding': 'gzip' }), 415, 'encoding-unsupported'],
  ['a GET', () => fetch(`${collector.url}/v1/reports`), 405, 'method-not-allowed'],
];

test.each(REFUSED)(
  '%s is refused, counted, and readable from another origin',
  async (_what, send, status, code) => {
    const response = await send();
    expect(response.status).toBe(status);
    expect(await response.json()).toEqual({
      error: expect.objectContaining({ code, message: expect.any(String) }),
    });
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(response.headers.get('access-control-expose-headers')).toBe('Retry-After');
    expect(response.headers.get('cross-origin-resource-policy')).toBe('cross-origin');
    expect(response.headers.has('retry-after')).toBe(status === 503);
    expect(await outcomes()).toEqual({ [code]: 1 });
    expect(await okCount()).toBeUndefined();
  },
);

test('an accepted report is readable from another origin', async () => {
  const { headers } = await post(sampleReport());
  expect(headers.get('access-control-allow-origin')).toBe('*');
  expect(headers.get('access-control-expose-headers')).toBe('Retry-After');
});

test('a preflight is answered', async () => {
  const response = await fetch(`${collector.url}/v1/reports`, {
    method: 'OPTIONS',
    headers: { origin: 'https://app.example', 'access-control-request-method': 'POST' },
  });
  expect(response.status).toBe(204);
  expect(response.headers.get('access-control-allow-origin')).toBe('*');
  expect(response.headers.get('access-control-allow-methods')).toBe('POST');
  expect(response.headers.get('access-control-allow-headers')).toBe('Content-Type');
});

test('what the fleet did is not readable from another origin', async () => {
  for (const path of ['/v1/fleet/models', '/v1/fleet/latency?model=digits', '/metrics', '/']) {
    const { headers } = await fetch(`${collector.url}${path}`);
    expect(headers.has('access-control-allow-origin')).toBe(false);
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
  }
});

test('a request that is cut off halfway is not counted as anything', async () => {
  const socket = connect(collector.port, '127.0.0.1');
  await once(socket, 'connect');
  socket.write('POST /v1/reports HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n{"v":1');
  socket.destroy();
  await once(socket, 'close');
  expect((await post(sampleReport())).status).toBe(204);
  expect((await outcomes()).accepted).toBe(1);
  expect(await okCount()).toBe(3);
});

test('counts and ids survive a restart: a resend after it is a duplicate', async () => {
  const report = sampleReport();
  await post(report);
  await collector.close();
  collector = await start();
  expect(await okCount()).toBe(3);
  expect((await post(report)).status).toBe(204);
  expect(await outcomes()).toEqual({ duplicate: 1 });
  expect(await okCount()).toBe(3);
  expect((await latency()).total.reports).toBe(1);
});

test('reports sent while the collector closes are each counted or still with the sender', async () => {
  const reports = Array.from({ length: 30 }, () => sampleReport());
  const sent = reports.map(async (report) => (await post(report).catch(() => undefined))?.status);
  await collector.close();
  const acknowledged = (await Promise.all(sent)).filter((status) => status === 204).length;
  collector = await start();
  const counted = ((await okCount()) ?? 0) / 3;
  expect(counted).toBeGreaterThanOrEqual(acknowledged);
  for (const report of reports) expect((await post(report)).status).toBe(204);
  expect(await okCount()).toBe(90);
});

test('a late report is in the charts, and in no counter that objectives are held against', async () => {
  await post(sampleReport({ t0: NOW_MS - 2 * 3_600_000 }));
  await post(sampleReport());
  const samples = await metrics();
  expect(samples.get('nearside_collector_late_reports_total')).toBe(1);
  expect(samples.get('nearside_late_inferences_total{model="digits",outcome="ok"}')).toBe(3);
  expect(await okCount()).toBe(3);
  expect((await latency('&from=1772611200000')).total.count).toBe(8);
});

test('small groups are shown to this machine where it is trusted, and hidden from whoever comes through a proxy', async () => {
  await collector.close();
  const readToken = 'read-token-0123456789';
  const authorization = `Bearer ${readToken}`;
  collector = await start({ readToken });
  await post(sampleReport());
  const here = await latency('', { authorization });
  expect(here).toMatchObject({ minDevices: 1, suppressed: 0, versions: [{ reports: 1 }] });
  const hidden = [await latency('', { authorization, 'x-forwarded-for': '203.0.113.7' })];
  await collector.close();
  collector = await start({ readToken, local: false });
  hidden.push(await latency('', { authorization }));
  for (const there of hidden) {
    expect(there).toMatchObject({
      minDevices: 50,
      suppressed: 1,
      total: { reports: 1 },
      versions: [{ version: '1.2.0', reports: 0, p50Ms: null }],
    });
  }
});

test('the floor can be set', async () => {
  await collector.close();
  const readToken = 'read-token-0123456789';
  collector = await start({ minDevices: 2, local: false, readToken });
  await post(sampleReport());
  await post(sampleReport());
  const shown = await latency('', { authorization: `Bearer ${readToken}` });
  expect(shown).toMatchObject({ minDevices: 2, suppressed: 0, versions: [{ reports: 2 }] });
  await expect(start({ minDevices: 0 })).rejects.toThrow(RangeError);
});

test('a wrong query is refused with a code', async () => {
  const response = await fetch(`${collector.url}/v1/fleet/latency?model=digits&step=7`);
  expect(response.status).toBe(400);
  expect(await response.json()).toMatchObject({ error: { code: 'query-invalid' } });
});

test('models that reported are listed, with the time that it is here', async () => {
  await post(sampleReport());
  const response = await fetch(`${collector.url}/v1/fleet/models`);
  expect(await response.json()).toEqual({
    models: [
      {
        model: 'digits',
        versions: ['1.2.0'],
        firstMs: NOW_MS - 300_000 - ((NOW_MS - 300_000) % 86_400_000),
        lastMs: NOW_MS - 300_000 - (NOW_MS % 300_000),
      },
    ],
    nowMs: NOW_MS,
    minDevices: 50,
  });
});

test('paths that are not there and broken addresses are refused with a code', async () => {
  const missing = await fetch(`${collector.url}/v2/reports`);
  expect(missing.status).toBe(404);
  expect(await missing.json()).toMatchObject({ error: { code: 'not-found' } });
  const broken = await fetch(`${collector.url}/%zz`);
  expect(broken.status).toBe(400);
  expect(await broken.json()).toMatchObject({ error: { code: 'request-malformed' } });
});

test.each([
  ['no HTTP', 'hello\r\n\r\n', 400],
  [
    'two lengths',
    'GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
    400,
  ],
  ['headers without an end', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
])('what is no request is refused with a code: %s', async (_what, sent, status) => {
  const socket = connect(collector.port, '127.0.0.1');
  socket.end(sent);
  const answer = await text(socket);
  expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
  const [, body = ''] = answer.split('\r\n\r\n');
  expect(JSON.parse(body)).toMatchObject({ error: { code: 'request-malformed' } });
});

test('health is told', async () => {
  const response = await fetch(`${collector.url}/healthz`);
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({ status: 'ok' });
});

test('every outcome is in /metrics from the start, at zero', async () => {
  const samples = await metrics();
  for (const outcome of ['accepted', 'duplicate', 'not-json', 'report-invalid', 'report-newer']) {
    expect(samples.get(`nearside_collector_reports_total{outcome="${outcome}"}`)).toBe(0);
  }
});

test('promtool finds nothing to improve in /metrics', async ({ skip }) => {
  await post(sampleReport());
  await post('no');
  const input = await (await fetch(`${collector.url}/metrics`)).text();
  const { error, status, stdout, stderr } = spawnSync('promtool', ['check', 'metrics'], { input });
  if (error) skip('promtool is not installed (Debian package prometheus)');
  expect(`${stdout}${stderr}`).toBe('');
  expect(status).toBe(0);
});

test('a port that is given and busy is an error that says so', async () => {
  await expect(start({ port: collector.port, file: ':memory:' })).rejects.toThrow(/busy/);
});

test('where nobody can listen, no new database is left behind', async () => {
  const host = '127.0.0.77';
  const range = Array.from({ length: PORTS.tries }, (_, i) => PORTS.first + i);
  const blockers = range.map((port) => createTcpServer().listen(port, host));
  await Promise.all(blockers.map((blocker) => once(blocker, 'listening')));
  const file = join(temporaryFolder(), 'reports.sqlite');
  const isTaken = startCollector({ file, host, local: true });
  await expect(isTaken).rejects.toThrow(/^Expected a free port from 8787 to 8806/);
  for (const [host, port] of [
    ['192.0.2.1', undefined],
    ['127.0.0.1', 70_000],
  ] as const) {
    const refused = startCollector({ file, host, port, readToken: 'r'.repeat(16) });
    await expect(refused).rejects.toMatchObject({
      code: 'option-invalid',
      message: expect.stringContaining(`--host (NEARSIDE_HOST), --port (NEARSIDE_PORT)`),
    });
  }
  expect(existsSync(file)).toBe(false);
  for (const blocker of blockers) blocker.close();
});

test('without a port the next free one is taken', async () => {
  const blocker = createTcpServer();
  // An error means that something else holds the port, which does as well.
  await new Promise((resolve) => {
    blocker.once('error', resolve).listen(PORTS.first, '127.0.0.1', () => resolve(undefined));
  });
  await using next = await startCollector({ file: ':memory:', local: true });
  expect(next.port).toBeGreaterThan(PORTS.first);
  expect(next.port).toBeLessThan(PORTS.first + PORTS.tries);
  expect((await fetch(`${next.url}/healthz`)).status).toBe(200);
  blocker.close();
});

test('closing twice is safe and ends the listening', async () => {
  await Promise.all([collector.close(), collector.close()]);
  await collector.close();
  await expect(fetch(`${collector.url}/healthz`)).rejects.toThrow();
});
