import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { ALERTS } from './alerts.js';

const FILE = new URL('../../../../deploy/alertmanager.yml', import.meta.url).pathname;
const hasAmtool = spawnSync('amtool', ['--version']).error === undefined;
const why = hasAmtool ? '' : ': amtool is not installed (Debian package prometheus-alertmanager)';

function amtool(...words: string[]): string {
  return execFileSync('amtool', words, { encoding: 'utf8', stdio: 'pipe' }).trim();
}

test.skipIf(!hasAmtool)(`amtool finds nothing wrong with deploy/alertmanager.yml${why}`, () => {
  expect(amtool('check-config', FILE)).toContain('SUCCESS');
});

test.skipIf(!hasAmtool)(`each severity and team has a receiver of its own${why}`, () => {
  for (const severity of ['page', 'ticket']) {
    for (const team of ['model', 'infra']) {
      const labels = [`severity=${severity}`, `team=${team}`];
      const route = amtool('config', 'routes', 'test', '--config.file', FILE, ...labels);
      expect(route).toBe(`${severity}-${team}`);
    }
  }
});

test('what deploy/alertmanager.yml calls by name is an alert', () => {
  const { inhibit_rules } = parse(readFileSync(FILE, 'utf8'));
  const named = [...JSON.stringify(inhibit_rules).matchAll(/Nearside\w+/g)].map(([name]) => name);
  expect(named).not.toEqual([]);
  for (const name of named) expect(ALERTS.map((alert) => alert.name)).toContain(name);
});
