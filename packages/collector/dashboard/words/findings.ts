import type { ChangeByPart } from '../../src/fleet/parts.js';
import type { VersionService } from '../../src/fleet/service.js';
import { answered } from '../asking/answered.js';
import type { Answers } from '../asking/ask.js';
import type { QuestionName } from '../asking/questions.js';
import { isThin } from '../table/table.js';
import { formatDuration, formatMoment, formatPart, formatPoints, formatRate } from './format.js';

/** Something that somebody should look at, as a sentence. */
export interface Finding {
  readonly id: 'silence' | 'rollout' | 'drift' | 'concept' | 'success' | 'latency';
  readonly text: string;
}

/** What has to be answered before a model can be called healthy. */
export const HEALTH_QUESTIONS = [
  'silence',
  'canary',
  'service',
  'drift',
  'accuracy',
] as const satisfies readonly QuestionName[];

/** A part carries a change when its share of it is above its share of the runs by so much. */
const CLEARLY = 0.1;

/** What is wrong with a model, the most urgent first; nothing where all is well. */
export function healthFindings(answers: Answers): Finding[] {
  return [
    ...silences(answers),
    ...rollouts(answers),
    ...services(answers),
    ...drifts(answers),
    ...concepts(answers),
  ];
}

function silences(answers: Answers): Finding[] {
  const sinceMs = answered(answers, 'silence')?.silentSinceMs;
  if (sinceMs === null || sinceMs === undefined) return [];
  const text = `Far fewer devices report than usual, since ${formatMoment(sinceMs)}.`;
  return [{ id: 'silence', text }];
}

function rollouts(answers: Answers): Finding[] {
  const found = answered(answers, 'canary')?.rollouts ?? [];
  return found.flatMap(({ version, verdict, guardrails, history, isOver }): Finding[] => {
    if (isOver || verdict.verdict !== 'roll-back') return [];
    const reasons = verdict.because.map((name) => {
      const figures = guardrails.find((one) => one.name === name);
      return `${measureName(name)} (${formatPoints(figures?.difference.value)})`;
    });
    const last = history.findLastIndex((one) => one.verdict !== 'roll-back');
    const since = history[last + 1]?.atMs;
    const sinceWords = since === undefined ? '' : `, known since ${formatMoment(since)}`;
    const text = `${version} is worse than its control: ${reasons.join(', ')}${sinceWords}. Roll it back.`;
    return [{ id: 'rollout', text }];
  });
}

/** Beyond a target with its whole interval. */
function services(answers: Answers): Finding[] {
  const service = answered(answers, 'service');
  if (!service) return [];
  const { targets, versions } = service;
  const parts = answered(answers, 'parts');
  const gone = goneVersions(answers);
  // what a handful of devices has is nobody's alarm
  const leanedOn = versions.filter(
    ({ version, success }) => !isThin(success) && !gone.has(version),
  );
  return leanedOn.flatMap(({ version, success, p95Ms }): Finding[] => {
    const found: Finding[] = [];
    if (success.high !== null && success.high < targets.successRate) {
      const where = parts ? carriedBy(parts.failed) : '';
      const text = `${version} succeeds in ${formatRate(success.value)} of runs, under the target of ${formatRate(targets.successRate)}${since(answers, 'success')}.${where}`;
      found.push({ id: 'success', text });
    }
    if (isSlow(p95Ms, targets.p95Ms)) {
      const where = parts ? carriedBy(parts.time) : '';
      const text = `${version} takes ${formatDuration(p95Ms.value)} at P95, over the target of ${formatDuration(targets.p95Ms)}${since(answers, 'latency')}.${where}`;
      found.push({ id: 'latency', text });
    }
    return found;
  });
}

/** Versions that no device has on the newest day: nothing is to be done about them. */
function goneVersions(answers: Answers): Set<string> {
  const versions = answered(answers, 'latency')?.versions ?? [];
  return new Set(versions.filter(({ adoption }) => adoption === 0).map(({ version }) => version));
}

function isSlow({ low }: VersionService['p95Ms'], targetMs: number): boolean {
  return low !== null && low > targetMs;
}

/** First of the days, up to the last one, on which the objective was missed. */
function since(answers: Answers, objective: 'success' | 'latency'): string {
  const { days = [], success, latency } = answered(answers, 'objectives') ?? {};
  const isMissed = (day: (typeof days)[number]) =>
    objective === 'success'
      ? day.successRate < (success?.target ?? 0)
      : (day.withinTarget ?? 1) < (latency?.target ?? 0);
  const first = days[days.findLastIndex((day) => !isMissed(day)) + 1];
  return first ? ` since ${formatMoment(first.atMs)}` : '';
}

/** A part that became worse, and carries more of it than of the runs. */
function carriedBy({ now, before, parts }: ChangeByPart): string {
  if (now === null || before === null || !isChange({ now, before }) || now < before) return '';
  const [first] = parts.filter(
    (part) => part.share > part.weight + CLEARLY && (part.now ?? 0) > (part.before ?? 0),
  );
  return first ? ` ${first.value} carries ${formatPart(first.share)} of it.` : '';
}

/** Less than this share of what was before is no change that has a cause. */
const LEAST_CHANGE = 0.05;

export function isChange({ now, before }: { now: number; before: number }): boolean {
  return Math.abs(now - before) > LEAST_CHANGE * before;
}

function drifts(answers: Answers): Finding[] {
  return (answered(answers, 'drift')?.versions ?? []).flatMap(({ version, distributions }) =>
    distributions.flatMap(({ name, alarmSinceMs, segments }): Finding[] => {
      if (alarmSinceMs === null) return [];
      const [first] = segments.filter(({ share, weight }) => share > weight + CLEARLY);
      const carried = first
        ? ` ${capital(formatPart(first.share))} of it is on ${first.value}.`
        : '';
      const text = `What ${version} sees has changed since ${formatMoment(alarmSinceMs)}: ${name}.${carried}`;
      return [{ id: 'drift', text }];
    }),
  );
}

function concepts(answers: Answers): Finding[] {
  return (answered(answers, 'accuracy')?.versions ?? []).flatMap(
    ({ version, concept }): Finding[] => {
      if (!concept?.isAlarm) return [];
      const text = `${version} is right less often than its confidence says: ${formatPoints(concept.deficit)} of labelled runs.`;
      return [{ id: 'concept', text }];
    },
  );
}

function capital(words: string): string {
  return words.slice(0, 1).toUpperCase() + words.slice(1);
}

/** `failed-runs` as people say it. */
export function measureName(name: string): string {
  return name.replaceAll('-', ' ');
}
