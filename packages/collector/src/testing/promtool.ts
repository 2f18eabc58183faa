import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Alerting, Group } from '../rules/rule.js';
import type { SeriesOf } from './reporting-fleet.js';

/** Why a test is skipped. */
export const NO_PROMTOOL = 'promtool is not installed (Debian package prometheus)';

export const hasPromtool = spawnSync('promtool', ['--version']).error === undefined;

/** What Prometheus scrapes, and what fires then. */
export interface Scenario {
  readonly rules: readonly Group[];
  /** Scrapes and evaluations are so far apart. */
  readonly everyMinutes: number;
  readonly series: SeriesOf;
  /** Names of the labels by which alerts are told apart. */
  readonly by?: readonly string[];
  readonly checks: readonly Check[];
}

interface Check {
  readonly atMinutes: number;
  /** All alerts that fire, as the values of `by`. */
  readonly firing?: readonly string[];
  /** Another question, with its only answer; null where it has none. */
  readonly expr?: string;
  readonly value?: number | null;
}

/** Takes these alerts, and what is recorded for them: promtool evaluates every rule at every step. */
export function rulesOf(groups: readonly Group[], isTaken: (alert: Alerting) => boolean): Group[] {
  let needed = groups
    .flatMap(({ rules }) => rules)
    .filter((rule): rule is Alerting => 'alert' in rule && isTaken(rule))
    .map(({ expr }) => expr)
    .join();
  // what is recorded of other recordings stands behind them
  const kept = groups.toReversed().map((group) => ({
    ...group,
    rules: group.rules.toReversed().filter((rule) => {
      if ('alert' in rule) return isTaken(rule);
      const isNeeded = needed.includes(rule.record);
      if (isNeeded) needed += rule.expr;
      return isNeeded;
    }),
  }));
  return kept.toReversed().map((group) => ({ ...group, rules: group.rules.toReversed() }));
}

/** Lets promtool play a scenario. @returns what is not as expected, empty where all is */
export async function play({
  rules,
  everyMinutes,
  series,
  by = ['severity', 'alertname', 'model', 'version'],
  checks,
}: Scenario): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'nearside-rules-'));
  try {
    writeFileSync(join(folder, 'rules.yml'), JSON.stringify({ groups: rules }));
    const test = {
      interval: `${everyMinutes}m`,
      input_series: Object.entries(series).map(([name, values]) => ({
        series: name,
        values: values.map((value) => value ?? '_').join(' '),
      })),
      promql_expr_test: checks.map(({ atMinutes, firing, expr, value }) => ({
        eval_time: `${atMinutes}m`,
        expr: expr ?? `group by (${by.join()}) (ALERTS{alertstate="firing"})`,
        exp_samples: firing
          ? firing.map((alert) => ({ labels: labelsOf(alert, by), value: 1 }))
          : value === null
            ? []
            : [{ labels: '{}', value }],
      })),
    };
    const file = join(folder, 'test.yml');
    const document = {
      rule_files: ['rules.yml'],
      evaluation_interval: test.interval,
      group_eval_order: rules.map(({ name }) => name), // else it changes from run to run
      tests: [test],
    };
    writeFileSync(file, stringify(document));
    return await promtool('test', 'rules', file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** @returns what it says, empty where nothing is wrong */
export async function promtool(...words: string[]): Promise<string> {
  const child = spawn('promtool', words);
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text));
  const code = await new Promise((resolve) => child.on('close', resolve));
  return code === 0 ? '' : said;
}

function labelsOf(alert: string, by: readonly string[]): string {
  const labels = alert.split(' ').map((value, i) => `${by[i]}="${value}"`);
  return `{${labels.join()}}`;
}
