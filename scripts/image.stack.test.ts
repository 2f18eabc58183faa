import { type ChildProcess, execFileSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Report } from '@nearside/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { parsePrometheusText } from '../packages/collector/src/testing/parse-prometheus-text.js';
import { sampleReport } from '../packages/collector/src/testing/sample-report.js';
import { buildImage } from './built-image.js';
import { root } from './root.mjs';

const TOKEN = 'read-token-0123456789';

/** ms: all packages are installed, and SQLite is compiled. */
const BUILD_LIMIT_MS = 1_800_000;

let image: ReturnType<typeof buildImage>;
/** Holds what the containers are given. */
const given = mkdtempSync(join(tmpdir(), 'nearside-containers-'));

beforeAll(() => {
  image = buildImage();
  writeFileSync(join(given, 'read-token'), TOKEN);
  chmodSync(given, 0o755);
}, BUILD_LIMIT_MS);

afterAll(() => {
  image.close();
  rmSync(given, { recursive: true });
});

test('the image serves as its user with no right and a root that it cannot write to, and keeps what it counted', async () => {
  const { collector: service } = parse(readFileSync(`${root}compose.yaml`, 'utf8')).services;
  expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'] });
  const volume = emptyVolume();
  const first = await startCollector(volume);
  const status = readFileSync(`/proc/${first.process.pid}/status`, 'utf8');
  expect(status).toMatch(/^Uid:\t1000\t1000\t1000\t1000$/m);
  expect(status).toMatch(/^CapBnd:\t0+$/m);
  for (const path of ['/healthz', '/readyz', '/', '/runbooks/nearside-silence']) {
    expect((await first.ask(path)).status, path).toBe(200);
  }
  expect(await first.checkHealth()).toBe(0);
  await send(first.url);
  expect(await countedBy(first)).toBe(1);
  expect(await first.stop()).toBe(0);
  expect(await first.checkHealth()).toBe(1);

  const second = await startCollector(volume);
  expect(await countedBy(second)).toBe(1);
  expect(await second.stop()).toBe(0);
});

test('a report that is on its way when the container is told to stop is counted before it ends', async () => {
  const volume = emptyVolume();
  const first = await startCollector(volume);
  const report = Buffer.from(JSON.stringify(freshReport()));
  const sending = request(`${first.url}/v1/reports`, { method: 'POST' });
  sending.setHeader('content-length', report.length);
  sending.write(report.subarray(0, 100));
  await expect.poll(() => sending.socket?.bytesWritten ?? 0).toBeGreaterThan(100);
  const stopped = first.stop();
  await expect.poll(() => fetch(`${first.url}/healthz`).catch(() => 'refused')).toBe('refused');
  sending.end(report.subarray(100));
  const [answer] = await once(sending, 'response');
  expect(answer.statusCode).toBe(204);
  expect(await stopped).toBe(0);

  const second = await startCollector(volume);
  expect(await countedBy(second)).toBe(1);
  expect(await second.stop()).toBe(0);
});

test('the service `rules` of compose.yaml writes the rules that Prometheus reads', async () => {
  const { rules } = parse(readFileSync(`${root}compose.yaml`, 'utf8')).services;
  const written = join(given, 'rules');
  mkdirSync(written);
  const container = image.start([...image.config.Entrypoint, ...rules.command], {
    env: { ...rules.environment, NEARSIDE_COLLECTOR: 'http://127.0.0.1:8787' },
    readable: { '/etc/nearside': `${root}deploy/collector` },
    writable: { '/rules': written },
    user: '0:0',
  });
  expect(await ended(container)).toBe(0);
  const words = ['check', 'rules', join(written, 'nearside.yml')];
  expect(execFileSync('promtool', words, { encoding: 'utf8' })).toContain('SUCCESS');
});

/** As Docker makes one: it belongs to whom the folder of the image belongs to. */
function emptyVolume(): string {
  const folder = mkdtempSync(join(given, 'volume-'));
  const { uid, gid } = statSync(image.root + image.config.WorkingDir);
  chownSync(folder, uid, gid);
  return folder;
}

/** Starts the image's command on any free port. */
async function startCollector(volume: string) {
  const { Entrypoint, Healthcheck, WorkingDir } = image.config;
  const env = {
    NEARSIDE_PORT: '0',
    NEARSIDE_READ_TOKEN_FILE: '/run/secrets/read-token',
    NEARSIDE_JSON: 'true',
  };
  const process = image.start(Entrypoint, {
    env,
    readable: { '/run/secrets': given },
    writable: { [WorkingDir]: volume },
  });
  if (!process.stdout) throw new Error('expected the output of the container, got none');
  const [line] = await once(createInterface(process.stdout), 'line');
  const { port } = JSON.parse(line);
  const url = `http://127.0.0.1:${port}`;
  return {
    process,
    url,
    ask: (path: string) => fetch(url + path, { headers: { authorization: `Bearer ${TOKEN}` } }),
    checkHealth() {
      const [, ...words] = Healthcheck.Test;
      return ended(image.start(words, { env: { NEARSIDE_PORT: String(port) } }));
    },
    stop() {
      process.kill('SIGTERM');
      return ended(process);
    },
  };
}

async function ended(container: ChildProcess): Promise<number> {
  const [exitCode] = await once(container, 'exit');
  return exitCode;
}

function freshReport(): Report {
  const sent = Date.now();
  return sampleReport({ t0: sent - 300_000, sent });
}

async function send(url: string): Promise<void> {
  const body = JSON.stringify(freshReport());
  expect((await fetch(`${url}/v1/reports`, { method: 'POST', body })).status).toBe(204);
}

/** Reports in the store. */
async function countedBy({ ask }: Awaited<ReturnType<typeof startCollector>>): Promise<number> {
  const metrics = parsePrometheusText(await (await ask('/metrics')).text());
  const counts = [...metrics].filter(([name]) => name.startsWith('nearside_reports_total'));
  return counts.reduce((sum, [, count]) => sum + count, 0);
}
