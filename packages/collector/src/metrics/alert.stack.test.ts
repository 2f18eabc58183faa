import { join } from 'node:path';
import type { Report } from '@nearside/core';
import { afterAll, expect, test } from 'vitest';
import { startAlertmanager } from '../../../../scripts/services/alertmanager.mjs';
import { startPrometheus } from '../../../../scripts/services/prometheus.mjs';
import { startReceiver } from '../../../../scripts/services/receiver.mjs';
import { until } from '../../../../scripts/services/service.mjs';
import { BUILT_COMMAND, startKillable } from '../testing/killable-collector.js';
import { sampleReport } from '../testing/sample-report.js';
import { temporaryFolder } from '../testing/temporary-folder.js';

const closing: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const close of closing.reverse()) await close();
});

const RULES = `
groups:
  - name: nearside
    rules:
      - alert: NearsideSuccessBurn
        expr: >
          sum by (model) (rate(nearside_inferences_total{outcome="error"}[1h]))
            > 0.144 * sum by (model) (rate(nearside_inferences_total{outcome=~"ok|error"}[1h]))
        labels: { severity: page }
        annotations: { runbook_url: https://collector.example/runbooks/nearside-success-burn }
`;

const ALERTMANAGER = `
route: { receiver: page, group_wait: 1s }
receivers:
  - name: page
    webhook_configs: [{ url: '%URL%' }]
`;

test('where runs begin to fail, Prometheus and Alertmanager tell a webhook, with the address of the runbook', async () => {
  const file = join(temporaryFolder(), 'reports.sqlite');
  const collector = await startKillable(BUILT_COMMAND, ['--file', file]);
  closing.push(collector.kill);
  const receiver = await startReceiver();
  closing.push(receiver.close);
  const alertmanager = await startAlertmanager(ALERTMANAGER.replace('%URL%', receiver.url));
  closing.push(alertmanager.close);
  const prometheus = await startPrometheus({
    jobs: { nearside: [collector.url] },
    rules: [RULES],
    alertmanager: alertmanager.url,
  });
  closing.push(prometheus.close);

  await send(collector.url, { errors: {} });
  await until(async () => (await inferences(prometheus, 'ok')) > 0);
  expect(receiver.received).toEqual([]);
  await send(collector.url, { errors: { deadline: 20 } });
  await until(() => receiver.received.length > 0);

  const [{ body } = { body: undefined }] = receiver.received;
  expect(body.alerts).toMatchObject([
    {
      status: 'firing',
      labels: { alertname: 'NearsideSuccessBurn', model: 'digits', severity: 'page' },
      annotations: { runbook_url: 'https://collector.example/runbooks/nearside-success-burn' },
    },
  ]);
});

/** Reports of 30 devices that spoke just now. */
async function send(url: string, health: Partial<Report['health']>) {
  for (let device = 0; device < 30; device += 1) {
    const sent = Date.now();
    const report = sampleReport({ g: device, t0: sent - 300_000, sent, health });
    const body = JSON.stringify(report);
    const { status } = await fetch(`${url}/v1/reports`, { method: 'POST', body });
    expect(status).toBe(204);
  }
}

async function inferences(
  prometheus: Awaited<ReturnType<typeof startPrometheus>>,
  outcome: string,
) {
  const [sample] = await prometheus.query(`sum(nearside_inferences_total{outcome="${outcome}"})`);
  return sample?.value ?? 0;
}
