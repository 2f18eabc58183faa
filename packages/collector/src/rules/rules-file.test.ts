import { describe, expect, test } from 'vitest';
import { RULES_OPTIONS } from '../command/rules.js';
import { parseTargets } from '../files/targets.js';
import { hasPromtool, NO_PROMTOOL, play, rulesOf } from '../testing/promtool.js';
import { quietDays } from '../testing/quiet-days.js';
import { fleetSeries, type SeriesOf } from '../testing/reporting-fleet.js';
import { ALERTS } from './alerts.js';
import type { Group } from './rule.js';
import { ruleGroups, rulesFile } from './rules-file.js';

const URL = 'https://collector.example';
const RULES = ruleGroups(parseTargets({}), URL);

test('each alert of the list is in the rules, and no other, with whom it calls, and its runbook', () => {
  const alerts = RULES.flatMap(({ rules }) => rules.filter((rule) => 'alert' in rule));
  expect(new Set(alerts.map(({ alert }) => alert))).toEqual(
    new Set(ALERTS.map(({ name }) => name)),
  );
  for (const { labels, annotations } of alerts) {
    expect(labels).toEqual({
      severity: expect.stringMatching(/^(page|ticket)$/),
      team: expect.stringMatching(/^(model|infra)$/),
    });
    expect(annotations.runbook_url).toMatch(/^https:\/\/collector\.example\/runbooks\/nearside-/);
  }
});

test('a model with a target of its own has a threshold of its own, and one under 99 % a lower factor that is told', () => {
  const file = rulesFile(parseTargets({ models: { ocr: { successRate: 0.9 } } }), URL);
  expect(file).toContain('nearside:failed:share1h{model!~"ocr"} > 0.0144');
  expect(file).toContain('nearside:failed:share1h{model=~"ocr"} > 0.7');
  expect(file).toMatch(/^# .* ocr is 90 %: 14.4 times its budget .* so it is 7 times\.$/m);
  expect(rulesFile(parseTargets({}), URL)).not.toMatch(/success of .* times/);
});

/** `-u` writes the file. */
test('deploy/nearside.rules.yml is of the usual targets, and has no older rule', async () => {
  const file = rulesFile(parseTargets({}), RULES_OPTIONS.collector.parse([]));
  await expect(file).toMatchFileSnapshot('../../../../deploy/nearside.rules.yml');
});

const pages = (rules: readonly Group[]) =>
  rulesOf(rules, ({ labels }) => labels.severity === 'page');

describe
  .skipIf(!hasPromtool)
  .concurrent(`rules in promtool${hasPromtool ? '' : `: ${NO_PROMTOOL}`}`, () => {
    const burns = (model: string, version = '1.0.0') =>
      `page NearsideSuccessBurn ${model} ${version}`;

    test('all runs fail: within three windows of reports somebody is called, and no longer when it is over', async () => {
      const targets = parseTargets({
        models: { ocr: { successRate: 0.99 }, pages: { successRate: 0.9 } },
      });
      const fleet = {
        devices: 200,
        minutes: 240,
        failingAt: (minute: number) => Number(minute >= 120 && minute < 180),
      };
      const said = await play({
        rules: pages(ruleGroups(targets, URL)),
        everyMinutes: 1,
        series: {
          ...fleetSeries(fleet),
          ...fleetSeries({ ...fleet, model: 'ocr' }),
          ...fleetSeries({ ...fleet, model: 'pages' }),
        },
        checks: [
          { atMinutes: 120, firing: [] },
          { atMinutes: 135, firing: [burns('digits'), burns('ocr')] },
          { atMinutes: 170, firing: [burns('digits'), burns('ocr'), burns('pages')] },
          { atMinutes: 225, firing: [] },
        ],
      });
      expect(said).toBe('');
    });

    test('a version that begins with failures is seen, though its first value is no increase', async () => {
      // 25 devices, each of which had failed once when the version was first scraped
      const bad = { version: '2.0.0', devices: 25, minutes: 60, failingAt: () => 1 };
      const all = fleetSeries({ ...bad, fromMinute: 30 });
      const [devices = ''] = Object.keys(all).filter((name) => name.includes('failing_devices'));
      const said = await play({
        rules: pages(RULES),
        everyMinutes: 1,
        series: {
          ...fleetSeries({ devices: 200, minutes: 60 }),
          ...all,
          [devices]: all[devices]?.map((value) => value && 25) ?? [],
        },
        checks: [
          { atMinutes: 29, firing: [] },
          { atMinutes: 40, firing: [burns('digits', '2.0.0')] },
        ],
      });
      expect(said).toBe('');
    });

    test('what was counted before Prometheus came calls nobody, nor does a new file of the store', async () => {
      const old = fleetSeries({ devices: 200, minutes: 120 });
      const years = Object.entries(old).map(([name, values]) => {
        const isCount = name.includes('_total');
        const before = name.includes('"error"') || name.includes('failing') ? 50_000 : 1_000_000;
        return [
          name,
          values.map((value, i) => (isCount && i < 60 ? (value ?? 0) + before : value)),
        ];
      });
      const said = await play({
        rules: pages(RULES),
        everyMinutes: 1,
        series: Object.fromEntries(years) as SeriesOf,
        checks: [
          { atMinutes: 10, firing: [] },
          { atMinutes: 59, firing: [] },
          { atMinutes: 70, firing: [] },
          { atMinutes: 120, firing: [] },
        ],
      });
      expect(said).toBe('');
    });

    test('thirty quiet days with a daily cycle, jitter and a broken device call nobody', async () => {
      const said = await play({
        rules: pages(RULES),
        everyMinutes: 5,
        series: quietDays(4),
        checks: [
          { atMinutes: 4 * 1440, expr: 'count(nearside:failed:share1h)', value: 2 },
          // nights in which the broken device alone spends the budget 14 times too fast
          {
            atMinutes: 4 * 1440,
            expr: 'count(count_over_time((nearside:failed:share1h > 0.0144)[4d:5m]))',
            value: 2,
          },
          {
            atMinutes: 4 * 1440,
            expr: 'count_over_time(ALERTS{alertstate="firing"}[30d])',
            value: null,
          },
        ],
      });
      expect(said).toBe('');
    });

    test('replicas count once: one that is behind, one that restarts, and one that dies a scrape ahead', async () => {
      const one = fleetSeries({ devices: 200, minutes: 120, failingAt: () => 0.0005 });
      const replica = (
        name: string,
        change: (values: readonly (number | null)[]) => (number | null)[],
      ) =>
        Object.fromEntries(
          Object.entries(one).map(([series, values]) => [
            series.replace('instance="a"', `instance="${name}",pod="collector-${name}"`),
            change(values),
          ]),
        );
      const said = await play({
        rules: pages(RULES),
        everyMinutes: 1,
        series: {
          ...replica('steady', (values) => [...values]),
          ...replica('behind', (values) => values.map((_, i) => values[Math.min(i, 40)] ?? null)),
          ...replica('restarted', (values) =>
            values.map((value, i) => (i > 50 && i < 55 ? null : value)),
          ),
          ...replica('ahead', (values) =>
            values.map((_, i) => (i > 80 ? null : (values[i + 1] ?? null))),
          ),
        },
        checks: [
          { atMinutes: 40, firing: [] },
          { atMinutes: 120, firing: [] },
          { atMinutes: 120, expr: 'round(sum(nearside:runs:total))', value: 121 * 40 * 20 },
          { atMinutes: 120, expr: 'sum(resets(nearside:runs:total[2h]))', value: 0 },
          {
            atMinutes: 120,
            expr: 'round(sum(increase(nearside:runs:total[1h])))',
            value: 59 * 40 * 20,
          },
          { atMinutes: 120, expr: 'round(sum(nearside:failed:share1h), 0.0001)', value: 0.0005 },
        ],
      });
      expect(said).toBe('');
    });
  });
