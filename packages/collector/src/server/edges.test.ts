import { once } from 'node:events';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { SCHEMA_VERSION } from '../sqlite/schema.js';
import { parsePrometheusText } from '../testing/parse-prometheus-text.js';
import { NOW_MS, sampleReport } from '../testing/sample-report.js';
import { placeSchemaFile } from '../testing/schema-files.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { type Collector, type CollectorOptions, startCollector } from './start-collector.js';

const folder = temporaryFolder();
const READ = 'read-token-0123456789';
const SITE = 'site-token-0123456789';
let collector: Collector | undefined;
afterEach(() => collector?.close());

async function start(options: Partial<CollectorOptions> = {}): Promise<Collector> {
  collector = await startCollector({ file: ':memory:', port: 0, local: true, ...options });
  return collector;
}

function post(url: string, headers: Record<string, string> = {}): Promise<Response> {
  const body = JSON.stringify(sampleReport({ t0: Date.now() - 300_000 }));
  return fetch(url, { method: 'POST', body, headers });
}

async function metrics(url: string): Promise<Map<string, number>> {
  return parsePrometheusText(await (await fetch(`${url}/metrics`)).text());
}

test('without a read token a collector starts for this machine alone, and only where it is told so', async () => {
  for (const options of [{ local: false }, { host: '0.0.0.0' }, { host: '::' }, { host: '' }]) {
    await expect(start(options)).rejects.toMatchObject({
      code: 'read-token-missing',
      message: expect.stringContaining('--read-token-file'),
    });
  }
  const { port } = await start({ host: '0.0.0.0', readToken: READ });
  expect((await fetch(`http://127.0.0.1:${port}/metrics`)).status).toBe(401);
});

test('with a read token figures, metrics and pages need it; reports and health do not', async () => {
  const { url } = await start({ readToken: READ });
  const withToken = { headers: { authorization: `Bearer ${READ}` } };
  for (const path of ['/', '/metrics', '/v1/fleet/models', '/v1/fleet/latency?model=digits']) {
    expect((await fetch(`${url}${path}`)).status, path).toBe(401);
    expect((await fetch(`${url}${path}`, withToken)).status, path).not.toBe(401);
  }
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  expect((await fetch(`${url}/readyz`)).status).toBe(200);
  expect((await post(`${url}/v1/reports`)).status).toBe(204);
});

test('with a site token a report without it is kept by its device, which can read why', async () => {
  const { url } = await start({ siteToken: [SITE, `${SITE}-next`] });
  for (const token of [SITE, `${SITE}-next`]) {
    expect((await post(`${url}/v1/reports?token=${token}`)).status).toBe(204);
  }
  for (const query of ['', '?token=', '?token=wrong-token-0123456789']) {
    const refused = await post(`${url}/v1/reports${query}`);
    expect(refused.status).toBe(403);
    expect(refused.headers.get('access-control-allow-origin')).toBe('*');
    expect(await refused.json()).toMatchObject({ error: { code: 'site-token-wrong' } });
  }
  const samples = await metrics(url);
  expect(samples.get('nearside_collector_reports_total{outcome="site-token-wrong"}')).toBe(3);
});

test('pages of an origin that is not listed may not send', async () => {
  const { url } = await start({ origins: ['https://app.example'] });
  const from = (origin: string) => post(`${url}/v1/reports`, { origin });
  expect((await from('https://app.example')).status).toBe(204);
  expect((await from('https://evil.example')).status).toBe(403);
  expect((await post(`${url}/v1/reports`)).status).toBe(204);
});

test('who sends too much is told when to go on, and nobody else has to wait', async () => {
  const { url } = await start({
    requestsPerMinute: 2,
    trustedProxies: ['127.0.0.1'],
  });
  const from = (address: string) => post(`${url}/v1/reports`, { 'x-forwarded-for': address });
  const statuses = [];
  for (let i = 0; i < 3; i += 1) statuses.push((await from('203.0.113.7')).status);
  // The minute may end between two of them.
  expect(statuses.slice(0, 2)).toEqual([204, 204]);
  if (statuses[2] === 429) {
    const refused = await from('203.0.113.7');
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(refused.headers.get('access-control-allow-origin')).toBe('*');
  }
  expect((await from('203.0.113.8')).status).toBe(204);
  for (let i = 0; i < 5; i += 1) expect((await post(`${url}/v1/reports`)).status).toBe(204);
});

test('half-open connections keep nobody waiting, and do not keep it from closing', async () => {
  const { url, port, close } = await start({ maxConnections: 20 });
  const sockets = await Promise.all(
    Array.from({ length: 60 }, async (_, i) => {
      const socket = connect(port, '127.0.0.1').on('error', () => {});
      await once(socket, 'connect');
      if (i % 2) socket.write('POST /v1/reports HTTP/1.1\r\nContent-Length: 500\r\n');
      return socket;
    }),
  );
  expect((await post(`${url}/v1/reports`)).status).toBe(204);
  await close();
  await expect.poll(() => sockets.every(({ destroyed }) => destroyed)).toBe(true);
});

test('who is to be told of findings hears of one when two looks have seen it, with links to the public address', async () => {
  const notices: { text: string; link: string }[] = [];
  const receiver = createServer(async (request, response) => {
    for await (const body of request) notices.push(JSON.parse(String(body)));
    response.end();
  });
  receiver.listen(0, '127.0.0.1');
  await once(receiver, 'listening');
  const { url, look } = await start({
    now: () => NOW_MS,
    notifyTo: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`,
    url: 'https://collector.example/',
  });
  for (let g = 0; g < 60; g += 1) {
    const report = sampleReport({ g, t0: NOW_MS - 300_000, sent: NOW_MS });
    await fetch(`${url}/v1/reports`, { method: 'POST', body: JSON.stringify(report) });
  }
  await look();
  expect(notices).toEqual([]);
  await look();
  await expect.poll(() => notices).toHaveLength(1);
  expect(notices[0]?.text).toMatch(/^digits 1\.2\.0 fails too often/);
  expect(notices[0]?.link).toMatch(/^https:\/\/collector\.example\/\?view=on-call&model=digits/);
  receiver.close();
});

test('readiness is told apart from health', async () => {
  const { url } = await start({ file: join(folder, 'ready.sqlite') });
  expect(await (await fetch(`${url}/healthz`)).json()).toEqual({ status: 'ok' });
  expect(await (await fetch(`${url}/readyz`)).json()).toEqual({
    status: 'ready',
    checks: { writable: 'ok', disk: 'ok', migrated: 'ok' },
  });
});

test('start, pruning and stop are in the audit log, with how many tokens and none of them', async () => {
  const auditLog = join(folder, 'audit.jsonl');
  const { url, close } = await start({ auditLog, readToken: READ, siteToken: SITE });
  await close();
  const text = readFileSync(auditLog, 'utf8');
  const acts = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(acts.map(({ act }) => act).sort()).toEqual(['prune', 'start', 'stop']);
  expect(acts.find(({ act }) => act === 'start')).toMatchObject({ url, readTokens: 1 });
  expect(text).not.toContain(READ);
  expect(text).not.toContain(SITE);
});

test('a file of an earlier schema is brought up to date, and one line and the audit log say so and where its copy is', async () => {
  const file = join(folder, 'earlier.sqlite');
  placeSchemaFile('3', file);
  const copy = `${file}.before-schema-${SCHEMA_VERSION}`;
  const auditLog = join(folder, 'migrated.jsonl');
  const errors: unknown[] = [];
  const { url, close } = await start({ file, auditLog, onError: (error) => errors.push(error) });
  expect((await post(`${url}/v1/reports`)).status).toBe(204);
  await close();
  expect(errors).toMatchObject([{ message: expect.stringContaining(copy) }]);
  const [first = ''] = readFileSync(auditLog, 'utf8').split('\n');
  expect(JSON.parse(first)).toMatchObject({
    act: 'migrate',
    file,
    from: 3,
    to: SCHEMA_VERSION,
    copy,
  });
  await (await start({ file, auditLog })).close();
  expect(readFileSync(auditLog, 'utf8').match(/migrate/g)).toHaveLength(1);
});

test('models.json decides which names get rows, and slo.json what is counted as quick', async () => {
  const path = (name: string, document: object) => {
    const file = join(folder, name);
    writeFileSync(file, JSON.stringify(document));
    return file;
  };
  const version = { version: '1.2.0', manifest: 'ab'.repeat(32), sequence: 1, state: 'stable' };
  const models = path('listed.json', {
    format: 1,
    models: [{ model: 'digits', versions: [version] }],
  });
  const slo = path('slo.json', { models: { digits: { p95Ms: 64 } } });
  const { url } = await start({ models, slo, shareForMs: 0 });
  for (const model of ['digits', 'invented']) {
    const report = sampleReport({ t0: Date.now() - 300_000, dimensions: { model } });
    await fetch(`${url}/v1/reports`, { method: 'POST', body: JSON.stringify(report) });
  }
  const samples = await metrics(url);
  expect(samples.get('nearside_target_seconds{model="digits"}')).toBe(0.064);
  expect(samples.get('nearside_target_seconds{model="unlisted"}')).toBeCloseTo(0.1974, 3);
  expect(samples.get('nearside_target_seconds{model="invented"}')).toBeUndefined();
});

test('facts are as old as what nearside facts verified last, also after a restart and in a copy; the same anew is no act', async () => {
  const models = join(folder, 'verified.json');
  const auditLog = join(folder, 'verified.jsonl');
  const write = (verifiedMs: number) =>
    writeFileSync(models, JSON.stringify({ format: 1, verifiedMs, models: [] }));
  write(1_772_600_000_000);
  const { url } = await start({ models, auditLog });
  const verified = async () =>
    (await metrics(url)).get('nearside_collector_facts_verified_timestamp_seconds');
  expect(await verified()).toBe(1_772_600_000);
  write(1_772_686_400_000);
  await expect.poll(verified, { timeout: 10_000 }).toBe(1_772_686_400);
  expect(readFileSync(auditLog, 'utf8').match(/models-loaded/g)).toHaveLength(1);
});

test('models.json that breaks while running is a metric, and reports are taken as before', async () => {
  const models = join(folder, 'models.json');
  const replace = (text: string) => {
    writeFileSync(`${models}.new`, text);
    renameSync(`${models}.new`, models);
  };
  replace('{"format":1,"models":[]}');
  const errors: unknown[] = [];
  const { url } = await start({ models, onError: (error) => errors.push(error) });
  const refused = async () =>
    (await metrics(url)).get('nearside_collector_file_refused{file="models"}');
  expect(await refused()).toBe(0);
  replace('{"format":1');
  await expect.poll(refused, { timeout: 10_000 }).toBe(1);
  expect(errors).toMatchObject([{ code: 'file-invalid' }]);
  expect((await post(`${url}/v1/reports`)).status).toBe(204);
});

test.each([
  ['a short token', { readToken: 'secret' }, 'token-unfit'],
  ['an origin with a path', { origins: ['https://app.example/'] }, 'option-invalid'],
  ['a proxy by its name', { trustedProxies: ['proxy.local'] }, 'option-invalid'],
  ['no requests', { requestsPerMinute: 0 }, 'option-invalid'],
  ['half a connection', { maxConnections: 0.5 }, 'option-invalid'],
  ['models that are not there', { models: '/nowhere/models.json' }, 'file-missing'],
  ['targets that are not there', { slo: '/nowhere/slo.json' }, 'file-missing'],
  ['notices to an address without a scheme', { notifyTo: 'chat.example/hook' }, 'option-invalid'],
  ['a public address with a password', { url: 'https://on:call@x.example' }, 'option-invalid'],
  ['an audit log nowhere', { auditLog: '/nowhere/audit.jsonl' }, 'file-missing'],
])('%s keeps it from starting', async (_what, options, code) => {
  await expect(start(options)).rejects.toMatchObject({ code });
});
