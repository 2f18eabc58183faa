import { join } from 'node:path';
import type { Report } from '@nearside/core';
import { afterAll, expect, test } from 'vitest';
import { startPrometheus } from '../../../../scripts/services/prometheus.mjs';
import { until } from '../../../../scripts/services/service.mjs';
import { parseTargets } from '../files/targets.js';
import { BUILT_COMMAND, startKillable } from '../testing/killable-collector.js';
import { sampleReport } from '../testing/sample-report.js';
import { temporaryFolder } from '../testing/temporary-folder.js';
import { dashboardExpressions, grafanaDashboard } from './grafana-dashboard.js';
import { rulesFile } from './rules-file.js';

const closing: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const close of closing.reverse()) await close();
});

test('each chart has something to show, and each list something to choose, of a collector that Prometheus has scraped', async () => {
  const file = join(temporaryFolder(), 'reports.sqlite');
  const collector = await startKillable(BUILT_COMMAND, ['--file', file]);
  closing.push(collector.kill);
  await sendReports(collector.url);
  const rules = rulesFile(parseTargets({}), collector.url).replaceAll(
    /interval: .*/g,
    'interval: 1s',
  );
  const prometheus = await startPrometheus({ jobs: { nearside: [collector.url] }, rules: [rules] });
  closing.push(prometheus.close);
  await until(async () => (await prometheus.query('nearside:runs:total')).length > 0);
  await sendReports(collector.url);
  await until(async () => (await prometheus.query('nearside:failed:share1h > 0')).length > 0);
  const empty: string[] = [];
  for (const expr of dashboardExpressions()) {
    const question = withAny(expr);
    const answer = await prometheus.query(question);
    const numbers = answer.filter(({ value }) => !Number.isNaN(value));
    if (numbers.length === 0) empty.push(question);
  }
  expect(empty).toEqual([]);
  for (const { name, query } of grafanaDashboard(collector.url).templating.list.slice(1)) {
    // as Grafana asks for them
    const text = typeof query === 'string' ? query : query.query;
    const [, series = '', label] = /^label_values\((.+), (\w+)\)$/.exec(withAny(text)) ?? [];
    const match = encodeURIComponent(series);
    expect(await prometheus.ask(`label/${label}/values?match[]=${match}`), name).not.toEqual([]);
  }
});

/** The query when a reader has chosen nothing. */
function withAny(query: string): string {
  return query
    .replaceAll('$__rate_interval', '1m')
    .replaceAll(/"\$(model|version|arm|backend|device)"/g, '".*"');
}

async function sendReports(url: string): Promise<void> {
  for (let device = 0; device < 5; device += 1) {
    const sent = Date.now();
    const first: Report['first'] = ['version-day', 'arm-day-failed', 'arm-day'];
    const report = sampleReport({ g: device, t0: sent - 300_000, sent, first });
    const { status } = await fetch(`${url}/v1/reports`, {
      method: 'POST',
      body: JSON.stringify(report),
    });
    expect(status).toBe(204);
  }
}
