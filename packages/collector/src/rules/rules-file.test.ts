import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { RULES_OPTIONS } from '../command/rules.js';
import { parseTargets } from '../files/targets.js';
import { hasPromtool, NO_PROMTOOL, play, promtool, rulesOf } from '../testing/promtool.js';
import { playQuietDays } from '../testing/quiet-days.js';
import {
  collectorSeries,
  fleetSeries,
  type Sample,
  type SeriesOf,
} from '../testing/reporting-fleet.js';
import { ALERTS } from './alerts.js';
import { dashboardExpressions } from './grafana-dashboard.js';
import type { Group } from './rule.js';
import { ruleGroups, rulesFile } from './rules-file.js';

const COLLECTOR = 'https://collector.example';
const LABELS = 'job="nearside",instance="a",model="digits",version="1.0.0"';
const RULES = ruleGroups(parseTargets({}), COLLECTOR);

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

test('rules and dashboard ask for metrics that a collector has', () => {
  const page = readFileSync(new URL('../../../../docs/metrics.md', import.meta.url), 'utf8');
  const asked = [rulesFile(parseTargets({}), COLLECTOR), ...dashboardExpressions()].join('\n');
  const names = new Set([...asked.matchAll(/\bnearside_\w+/g)].map(([name]) => name));
  const unknown = [...names].filter(
    (name) => !page.includes(`\`${name.replace(/_bucket$/, '')}\``),
  );
  expect(names.size).toBeGreaterThan(25);
  expect(unknown).toEqual([]);
});

test('a model with a target of its own has a threshold of its own, and one under 99 % a lower factor that is told', () => {
  const file = rulesFile(parseTargets({ models: { ocr: { successRate: 0.9 } } }), COLLECTOR);
  expect(file).toContain('nearside:failed:share1h{model!~"ocr"} > 0.0144');
  expect(file).toContain('nearside:failed:share1h{model=~"ocr"} > 0.7');
  expect(file).toMatch(/^# .* ocr is 90 %: 14.4 times its budget .* so it is 7 times\.$/m);
  expect(rulesFile(parseTargets({}), COLLECTOR)).not.toMatch(/success of .* times/);
  const never = rulesFile(parseTargets({ successRate: 1 }), COLLECTOR);
  expect(never).toContain('nearside:failed:share1h > 0 and nearside:failed:share15m > 0');
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
    test('promtool finds nothing to improve in deploy/nearside.rules.yml', async () => {
      const file = new URL('../../../../deploy/nearside.rules.yml', import.meta.url).pathname;
      expect(await promtool('check', 'rules', '--lint-fatal', '--lint=all', file)).toBe('');
    });

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
        rules: pages(ruleGroups(targets, COLLECTOR)),
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
          values.map((value, i) => (isCount && i < 60 ? Number(value) + before : value)),
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

    test('quiet days with a daily cycle, jitter and a broken device call nobody', async () => {
      expect(await playQuietDays(pages(RULES), 2)).toBe('');
    });

    test('replicas count once: one that is behind, one that restarts, and one that dies two scrapes ahead', async () => {
      const one = fleetSeries({ devices: 200, minutes: 120, failingAt: () => 0.0005 });
      const replica = (name: string, change: (values: readonly Sample[]) => Sample[]) =>
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
            values.map((_, i) => {
              if (i > 80) return i === 81 ? 'stale' : null;
              return values[i + 2] ?? null;
            }),
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
            value: 58 * 40 * 20,
          },
          { atMinutes: 120, expr: 'round(sum(nearside:failed:share1h), 0.0001)', value: 0.0005 },
        ],
      });
      expect(said).toBe('');
    });

    test('latency calls somebody beside its finding alone', async () => {
      const slow = { devices: 50, minutes: 90, slowAt: (minute: number) => Number(minute > 20) };
      const finding = Array.from({ length: 91 }, (_, minute) =>
        Number(minute >= 30 && minute < 60),
      );
      const burn = 'page NearsideLatencyBurn digits 1.0.0';
      const said = await play({
        rules: pages(RULES),
        everyMinutes: 1,
        series: {
          ...fleetSeries(slow),
          ...fleetSeries({ ...slow, model: 'ocr' }),
          [`nearside_finding{${LABELS},kind="latency"}`]: finding,
        },
        checks: [
          { atMinutes: 29, firing: [] },
          { atMinutes: 55, firing: [burn] },
          { atMinutes: 66, firing: [] },
        ],
      });
      expect(said).toBe('');
    });

    test('each finding is an alert while it is open, and accuracy calls somebody where something changed too', async () => {
      const tickets = ['success', 'latency', 'drift', 'baseline', 'concept'];
      const kinds = ['silence', 'rollout', ...tickets, 'accuracy'];
      const open = Array.from({ length: 19 }, (_, step) => Number(step >= 2 && step < 12));
      const findings = kinds.map((kind) => [`nearside_finding{${LABELS},kind="${kind}"}`, open]);
      const alone = LABELS.replace('digits', 'ocr');
      const said = await play({
        rules: rulesOf(RULES, ({ expr }) => expr.includes('nearside_finding')),
        everyMinutes: 5,
        series: {
          ...Object.fromEntries(findings),
          [`nearside_finding{${alone},kind="accuracy"}`]: open,
        },
        checks: [
          { atMinutes: 5, firing: [] },
          {
            atMinutes: 30,
            firing: [
              'page NearsideSilence digits 1.0.0',
              'page NearsideRollout digits 1.0.0',
              'page NearsideAccuracy digits 1.0.0',
              'ticket NearsideAccuracy ocr 1.0.0',
              ...['Success', 'Latency', 'Drift', 'Baseline', 'Concept'].map(
                (kind) => `ticket Nearside${kind} digits 1.0.0`,
              ),
            ],
          },
          { atMinutes: 80, firing: [] },
        ],
      });
      expect(said).toBe('');
    });

    test('what is judged by its share over a day is a ticket, and none when the day is over', async () => {
      const [set, hour] = [`${LABELS},variant="int8",backend="onnx-wasm"`, 4];
      /** Grows by the first number in 15 minutes, and in the three bad hours by the second. */
      const counter = (usual: number, bad: number) => {
        let sum = 0;
        return Array.from({ length: 41 * hour }, (_, step) => {
          sum += step > 2 * hour && step <= 5 * hour ? bad : usual;
          return sum;
        });
      };
      const tickets = ['SuccessBurnSlow', 'LatencyBurnSlow', 'P99', 'ColdStarts', 'FailedOpens'];
      const all = [...tickets, 'Quarantines', 'FailedUpdates'].map((name) => `Nearside${name}`);
      const said = await play({
        rules: rulesOf(RULES, ({ alert }) => all.includes(alert)),
        everyMinutes: 15,
        series: {
          [`nearside_inferences_total{${set},outcome="ok"}`]: counter(1000, 990),
          [`nearside_inferences_total{${set},outcome="error"}`]: counter(0, 10),
          [`nearside_inferences_within_target_total{${set}}`]: counter(980, 500),
          [`nearside_inferences_within_p99_target_total{${LABELS}}`]: counter(998, 900),
          [`nearside_cold_inferences_total{${LABELS}}`]: counter(5, 100),
          [`nearside_failing_devices_total{${LABELS}}`]: counter(0, 5),
          [`nearside_reporting_devices_total{${set}}`]: counter(20, 20),
          [`nearside_opens_total{${LABELS},outcome="network"}`]: counter(50, 50),
          [`nearside_opens_total{${LABELS},outcome="error"}`]: counter(20, 40),
          [`nearside_open_errors_total{${LABELS},code="offline"}`]: counter(20, 20),
          [`nearside_open_errors_total{${LABELS},code="network-failed"}`]: counter(0, 20),
          [`nearside_quarantines_total{${LABELS},backend="onnx-webgpu"}`]: counter(0, 5),
          [`nearside_updates_total{${LABELS},outcome="installed"}`]: counter(10, 10),
          [`nearside_updates_total{${LABELS},outcome="error"}`]: counter(0, 5),
          [`nearside_updates_total{${LABELS},outcome="rolled-back"}`]: counter(0, 5),
        },
        checks: [
          { atMinutes: 120, firing: [] },
          { atMinutes: 300, firing: all.map((name) => `ticket ${name} digits 1.0.0`) },
          { atMinutes: 40 * 60, firing: [] },
        ],
      });
      expect(said).toBe('');
    });

    test('bytes that double from a week to the next are a ticket, once both weeks were seen', async () => {
      let bytes = 0;
      const dear = Array.from({ length: 22 * 48 }, (_, step) => {
        bytes += step > 8 * 48 ? 3e7 : 1e7;
        return bytes;
      });
      const said = await play({
        rules: rulesOf(RULES, ({ alert }) => alert === 'NearsideCost'),
        everyMinutes: 30,
        series: {
          [`nearside_inferences_total{${LABELS},outcome="ok"}`]: dear.map((_, step) => step),
          [`nearside_fetched_bytes_total{${LABELS}}`]: dear,
          [`nearside_fetched_bytes_total{${LABELS.replace('1.0.0', '1.1.0')}}`]: dear.map(() => 5),
        },
        by: ['alertname', 'model'],
        checks: [
          { atMinutes: 13 * 1440, firing: [] },
          { atMinutes: 15 * 1440, firing: ['NearsideCost digits'] },
          { atMinutes: 21 * 1440, firing: [] },
        ],
      });
      expect(said).toBe('');
    });

    test('each alert of the collector fires for the job that it is about, and ends', async () => {
      const scrapes = Array.from({ length: 61 }, (_, i) => i * 5);
      const isBad = (minute: number) => minute >= 60 && minute < 150;
      const when = (bad: number | null, usual: number | null) =>
        scrapes.map((minute) => (isBad(minute) ? bad : usual));
      const target = (job: string, instance = 'a') => `job="${job}",instance="${instance}"`;
      const well = (job: string, instance?: string) =>
        collectorSeries(300, 5, target(job, instance));
      const refused = `nearside_collector_reports_total{${target('refused')},outcome="report-invalid"}`;
      const folded = `nearside_collector_folded_names_total{${target('folded')},kind="model"}`;
      const facts = `nearside_collector_facts_verified_timestamp_seconds{${target('facts')}}`;
      const said = await play({
        rules: rulesOf(RULES, ({ alert }) => alert.startsWith('NearsideCollector')),
        everyMinutes: 5,
        series: {
          ...well('well'),
          ...Object.fromEntries(
            Object.entries(well('down')).map(([name, values]) => [
              name,
              values.map((value, i) => (isBad(i * 5) ? null : value)),
            ]),
          ),
          ...well('unready'),
          [`nearside_collector_ready{${target('unready')}}`]: when(0, 1),
          ...well('half'),
          ...well('half', 'b'),
          [`nearside_collector_ready{${target('half', 'b')}}`]: when(0, 1),
          ...well('disk'),
          [`nearside_collector_free_bytes{${target('disk')}}`]: when(5e8, 5e9),
          ...well('refused'),
          [refused]: scrapes.map((minute) => 10 * Math.min(150, Math.max(60, minute))),
          [refused.replace('report-invalid', 'accepted')]: scrapes.map((minute) => 100 * minute),
          ...well('file'),
          [`nearside_collector_file_refused{${target('file')},file="prices"}`]: when(1, 0),
          ...well('unreadable'),
          [`nearside_collector_log_rows_set_aside{${target('unreadable')}}`]: when(1, 0),
          ...well('folded'),
          [folded]: scrapes.map((minute) => (minute < 100 ? 0 : 1)),
          ...well('facts'),
          [facts]: when(-90_000, 0),
          ...well('look'),
          [`nearside_last_look_timestamp_seconds{${target('look')}}`]: scrapes.map(
            (minute) => 60 * (isBad(minute) ? 60 : minute),
          ),
        },
        by: ['severity', 'alertname', 'job'],
        checks: [
          { atMinutes: 55, firing: [] },
          {
            atMinutes: 140,
            firing: [
              'page NearsideCollectorDown down',
              'page NearsideCollectorNotReady unready',
              'ticket NearsideCollectorNotReady half',
              'ticket NearsideCollectorDisk disk',
              'ticket NearsideCollectorRefusedReports refused',
              'ticket NearsideCollectorRefusedFile file',
              'ticket NearsideCollectorUnreadableRows unreadable',
              'ticket NearsideCollectorFoldedNames folded',
              'ticket NearsideCollectorOldFacts facts',
              'page NearsideCollectorNoLook look',
            ],
          },
          { atMinutes: 300, firing: [] },
        ],
      });
      expect(said).toBe('');
    });

    test('a disk fills up once six hours show it, and not when its collector has moved', async () => {
      const scrapes = Array.from({ length: 121 }, (_, i) => i * 5);
      const free = (job: string) => `nearside_collector_free_bytes{job="${job}",instance="a"}`;
      const falling = scrapes.map((minute) => 54e9 - 2e7 * minute);
      const by = ['alertname', 'job'];
      const said = await play({
        rules: rulesOf(RULES, ({ alert }) => alert === 'NearsideCollectorDisk'),
        everyMinutes: 5,
        series: {
          [free('steady')]: scrapes.map(() => 54e9),
          [free('filling')]: falling,
          [free('moved')]: falling.map((bytes, i) => (i * 5 > 480 ? null : bytes)),
        },
        by,
        checks: [
          { atMinutes: 300, expr: 'count(ALERTS)', value: null },
          {
            atMinutes: 480,
            firing: ['NearsideCollectorDisk filling', 'NearsideCollectorDisk moved'],
          },
          { atMinutes: 510, expr: 'count(ALERTS)', value: 1 },
          { atMinutes: 600, firing: ['NearsideCollectorDisk filling'] },
        ],
      });
      expect(said).toBe('');
    });

    test('a Prometheus that scrapes no collector says so', async () => {
      const said = await play({
        rules: rulesOf(RULES, ({ alert }) => alert === 'NearsideCollectorDown'),
        everyMinutes: 5,
        series: { 'up{job="others"}': [1, 1, 1] },
        checks: [{ atMinutes: 10, firing: ['page NearsideCollectorDown'] }],
      });
      expect(said).toBe('');
    });
  });
