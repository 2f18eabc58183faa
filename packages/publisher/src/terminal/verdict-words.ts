import type { CanaryAnswer } from '../autopilot/decide.js';

/** What a collector names beside a verdict, as people say it. Measures keep their names. */
const REASONS: Readonly<Record<string, string>> = {
  'no-reports': 'no device has reported of it in the last 14 days',
  'no-control': 'no device of its control has reported',
  'too-few-devices': 'too few devices of its control have reported',
  'unknown-version': 'the facts of the collector do not name it: run `nearside facts`',
  'old-facts': 'the facts of the collector name another rollout of it: run `nearside facts`',
  'few-canary-devices': 'too few devices with it have reported',
  'few-cohorts': 'devices of too few cohorts have reported on both sides',
  'not-run': 'too few devices that have it have run it',
  'one-day': 'it is no worse, but has not been out for a whole day',
};

/** "none yet: no device has reported of it in the last 14 days", "roll-back: worse by failed-runs" */
export function verdictWords({
  verdict,
  because,
}: Pick<CanaryAnswer, 'verdict' | 'because'>): string {
  const title = verdict === 'none' ? 'none yet' : verdict;
  const reasons = because.flatMap((name) => REASONS[name] ?? []);
  const measures = because.filter((name) => !REASONS[name]).join(', ');
  const ofMeasures = verdict === 'roll-back' ? 'worse by' : 'not sure yet of';
  const words = [...reasons, ...(measures ? [`${ofMeasures} ${measures}`] : [])];
  return words.length === 0 ? title : `${title}: ${words.join('; ')}`;
}
