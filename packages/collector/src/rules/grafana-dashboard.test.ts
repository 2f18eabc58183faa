import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { RULES_OPTIONS } from '../command/rules.js';
import { hasPromtool, NO_PROMTOOL } from '../testing/promtool.js';
import { dashboardExpressions, grafanaDashboard } from './grafana-dashboard.js';

const dashboard = grafanaDashboard('https://collector.example');

/** `-u` writes the file. */
test('deploy/grafana-dashboard.json is the dashboard that the command prints', async () => {
  const made = grafanaDashboard(RULES_OPTIONS.collector.parse([]));
  const file = `${JSON.stringify(made, null, 2)}\n`;
  await expect(file).toMatchFileSnapshot('../../../../deploy/grafana-dashboard.json');
});

test('a reader chooses model, version, side, backend and device class, and each is in a chart', () => {
  const names = dashboard.templating.list.map(({ name }) => name);
  expect(names).toEqual(['datasource', 'model', 'version', 'arm', 'backend', 'device']);
  for (const name of names.slice(1)) expect(dashboardExpressions().join()).toContain(`"$${name}"`);
});

test('no two panels lie on each other', () => {
  const cells = (dashboard.panels as { gridPos: Record<'x' | 'y' | 'w' | 'h', number> }[]).flatMap(
    ({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, i) => `${x + (i % w)} ${y + Math.floor(i / w)}`),
  );
  expect(new Set(cells).size).toBe(cells.length);
});

test.skipIf(!hasPromtool)(
  `each expression is one of Prometheus${hasPromtool ? '' : `: ${NO_PROMTOOL}`}`,
  () => {
    const rules = dashboardExpressions().map((expr, i) => ({
      record: `dashboard:${i}`,
      expr: expr.replaceAll('$__rate_interval', '5m'),
    }));
    const input = JSON.stringify({ groups: [{ name: 'dashboard', rules }] });
    const { stdout, stderr, status } = spawnSync('promtool', ['check', 'rules'], {
      input,
      encoding: 'utf8',
    });
    expect(`${stdout}${stderr}`).toContain(`${rules.length} rules found`);
    expect(status).toBe(0);
  },
);
