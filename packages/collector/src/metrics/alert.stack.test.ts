import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Report } from '@nearside/core';
import { afterAll, expect, test } from 'vitest';
import { startAlertmanager } from '../../../../scripts/services/alertmanager.mjs';
import { startPrometheus } from '../../../../scripts/services/prometheus.mjs';
import { startReceiver } from '../../../../scripts/services/receiver.mjs';
import { until } from '../../../../scripts/services/service.mjs';
import { runCommand } from '../command/run-command.js';
import { BUILT_COMMAND, startKillable } from '../testing/killable-collector.js';
import { sampleReport } from '../testing/sample-report.js';
import { temporaryFolder } from '../testing/temporary-folder.js';

const closing: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const close of closing.reverse()) await close();
});

const DEPLOYED = new URL('../../../../deploy/alertmanager.yml', import.meta.url);

test('where runs begin to fail, Prometheus and Alertmanager tell a webhook, with the address of the runbook', async () => {
  const file = join(temporaryFolder(), 'reports.sqlite');
  const collector = await startKillable(BUILT_COMMAND, ['--file', file]);
  closing.push(collector.kill);
  const receiver = await startReceiver();
  closing.push(receiver.close);
  const alertmanager = await startAlertmanager(routesTo(receiver.url));
  closing.push(alertmanager.close);
  const prometheus = await startPrometheus({
    jobs: { nearside: [collector.url] },
    rules: [await rulesOf(collector.url)],
    alertmanager: alertmanager.url,
  });
  closing.push(prometheus.close);

  await send(collector.url, { errors: {} });
  await until(async () => (await prometheus.query('nearside:reports:total')).length > 0);
  expect(receiver.received).toEqual([]);
  await send(collector.url, { errors: { deadline: 20 } });
  await until(() => receiver.received.length > 0);

  const [{ path, body } = { path: '', body: undefined }] = receiver.received;
  expect(path).toBe('/page-model');
  expect(body.alerts).toMatchObject([
    {
      status: 'firing',
      labels: { alertname: 'NearsideSuccessBurn', model: 'digits', severity: 'page' },
      annotations: { runbook_url: `${collector.url}/runbooks/nearside-success-burn` },
    },
  ]);
  const runbook = await fetch(body.alerts[0].annotations.runbook_url);
  expect(await runbook.text()).toMatch(/^# NearsideSuccessBurn/);
});

/** Reports of 30 devices that spoke just now. */
async function send(url: string, health: Partial<Report['health']>) {
  const isFailing = Object.keys(health.errors ?? {}).length > 0;
  const first: Report['first'] = isFailing ? ['arm-day-failed'] : ['version-day', 'arm-day'];
  for (let device = 0; device < 30; device += 1) {
    const sent = Date.now();
    const report = sampleReport({ g: device, t0: sent - 300_000, sent, health, first });
    const body = JSON.stringify(report);
    const { status } = await fetch(`${url}/v1/reports`, { method: 'POST', body });
    expect(status).toBe(204);
  }
}

/** Alertmanager as it is deployed, with a receiver here. */
function routesTo(receiver: string): string {
  const file = /url_file: \/run\/secrets\/(\S+)-url/g;
  return readFileSync(DEPLOYED, 'utf8').replaceAll(file, `url: '${receiver}/$1'`);
}

/** As the command prints them, looked at every second. */
async function rulesOf(collector: string): Promise<string> {
  const lines: string[] = [];
  const errors: string[] = [];
  const slo = join(temporaryFolder(), 'slo.json');
  writeFileSync(slo, JSON.stringify({ successRate: 0.99 }));
  const code = await runCommand(['rules', '--slo', slo, '--collector', collector], {
    print: (line) => lines.push(line),
    printError: (line) => errors.push(line),
    signal: new AbortController().signal,
    environment: {},
  });
  expect({ code, errors }).toEqual({ code: 0, errors: [] });
  return lines.join('\n').replaceAll('interval: 30s', 'interval: 1s');
}
