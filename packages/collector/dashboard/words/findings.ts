import type { RolloutFigures } from '../../src/fleet/canary.js';
import type { FleetObjectives } from '../../src/fleet/objectives.js';
import type { ChangeByPart } from '../../src/fleet/parts.js';
import type { FleetService, VersionService } from '../../src/fleet/service.js';
import { answered } from '../asking/answered.js';
import { type Answers, Unanswered } from '../asking/ask.js';
import type { QuestionName } from '../asking/questions.js';
import { isThin } from '../table/table.js';
import {
  formatDuration,
  formatMoment,
  formatPart,
  formatPoints,
  formatRate,
  formatSince,
} from './format.js';

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

/** All that is known of whether a model is well. */
export interface Health {
  /** `looking`: not everything has been answered. `not-known`: the collector had no answer to something. */
  readonly state: 'well' | 'unwell' | 'looking' | 'not-known';
  readonly findings: readonly Finding[];
  /** Why something is not known. */
  readonly refused: readonly string[];
}

const DAY_MS = 86_400_000;
/** A part carries a change when its share of it is above its share of the runs by so much. */
const CLEARLY = 0.1;
/** Less than this share of what was before is no change that has a cause. */
const LEAST_CHANGE = 0.05;
/** What a target for P95 asks for. */
const WITHIN_P95 = 0.95;

export function healthOf(answers: Answers): Health {
  const findings = healthFindings(answers);
  const given = HEALTH_QUESTIONS.map((name) => answers[name]);
  const messages = given.flatMap((one) => (one instanceof Unanswered ? [one.message] : []));
  const refused = [...new Set(messages)];
  if (findings.length > 0) return { state: 'unwell', findings, refused };
  if (given.includes(undefined)) return { state: 'looking', findings, refused };
  return { state: refused.length > 0 ? 'not-known' : 'well', findings, refused };
}

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

/** Those that are to be taken back now. */
function rollBacks(answers: Answers): RolloutFigures[] {
  const found = answered(answers, 'canary')?.rollouts ?? [];
  return found.filter(({ isOver, verdict }) => !isOver && verdict.verdict === 'roll-back');
}

function rollouts(answers: Answers): Finding[] {
  return rollBacks(answers).map(({ version, verdict, guardrails, history }) => {
    const because = verdict.verdict === 'roll-back' ? verdict.because : [];
    const reasons = because.map((name) => {
      const figures = guardrails.find((one) => one.name === name);
      return `${measureName(name)} (${formatPoints(figures?.difference.value)})`;
    });
    const last = history.findLastIndex((one) => one.verdict !== 'roll-back');
    const since = history[last + 1]?.atMs;
    const sinceWords = since === undefined ? '' : `, known since ${formatMoment(since)}`;
    const text = `${version} is worse than its control: ${reasons.join(', ')}${sinceWords}. Roll it back.`;
    return { id: 'rollout', text };
  });
}

/** Beyond a target with its whole interval. */
function services(answers: Answers): Finding[] {
  const service = answered(answers, 'service');
  if (!service) return [];
  const most = Math.max(...service.versions.map(({ success }) => success.n));
  return leanedOn(service, answers).flatMap((version) => [
    ...failing(version, service, { answers, isMost: version.success.n === most }),
    ...slow(version, service, { answers, isMost: version.success.n === most }),
  ]);
}

/** Versions that somebody can act on: devices enough have them now, and no roll-back is due that says it all. */
function leanedOn({ versions }: FleetService, answers: Answers): VersionService[] {
  const adopted = answered(answers, 'latency')?.versions ?? [];
  const gone = adopted.filter(({ adoption }) => adoption === 0).map(({ version }) => version);
  const without = new Set([...gone, ...rollBacks(answers).map(({ version }) => version)]);
  return versions.filter(({ version, success }) => !isThin(success) && !without.has(version));
}

interface About {
  readonly answers: Answers;
  /** Most runs are of this version: what is known of the whole fleet's is its own. */
  readonly isMost: boolean;
}

function failing(
  { version, success }: VersionService,
  { targets }: FleetService,
  { answers, isMost }: About,
): Finding[] {
  if (success.high === null || success.high >= targets.successRate) return [];
  const since = missedSince(answered(answers, 'objectives'), ({ successRate }, objectives) => {
    return successRate < objectives.success.target;
  });
  const where = isMost ? carriedBy(answered(answers, 'parts')?.failed) : '';
  const text = `${version} succeeds in ${formatRate(success.value)} of runs, under the target of ${formatRate(targets.successRate)}${since}.${where}`;
  return [{ id: 'success', text }];
}

function slow(
  { version, withinTarget, p95Ms }: VersionService,
  { targets }: FleetService,
  { answers, isMost }: About,
): Finding[] {
  if (withinTarget.high === null || withinTarget.high >= WITHIN_P95) return [];
  const since = missedSince(answered(answers, 'objectives'), (day, objectives) => {
    return (day.withinTarget ?? 1) < objectives.latency.target;
  });
  const where = isMost ? carriedBy(answered(answers, 'parts')?.time) : '';
  const text = `${version} takes ${formatDuration(p95Ms.value)} at P95, over the target of ${formatDuration(targets.p95Ms)}${since}.${where}`;
  return [{ id: 'latency', text }];
}

/** First of the days, up to the last one, on which an objective was missed. */
function missedSince(
  objectives: FleetObjectives | undefined,
  isMissed: (day: FleetObjectives['days'][number], objectives: FleetObjectives) => boolean,
): string {
  if (!objectives) return '';
  const { days } = objectives;
  const first = days[days.findLastIndex((day) => !isMissed(day, objectives)) + 1];
  return first ? ` since ${formatSince(first.atMs, DAY_MS)}` : '';
}

/** A part that became worse, and carries more of it than of the runs. */
function carriedBy(change: ChangeByPart | undefined): string {
  const { now = null, before = null, parts = [] } = change ?? {};
  if (now === null || before === null || !isChange({ now, before }) || now < before) return '';
  const [first] = parts.filter(
    (part) => part.share > part.weight + CLEARLY && (part.now ?? 0) > (part.before ?? 0),
  );
  return first ? ` ${first.value} carries ${formatPart(first.share)} of it.` : '';
}

export function isChange({ now, before }: { now: number; before: number }): boolean {
  return Math.abs(now - before) > LEAST_CHANGE * before;
}

function drifts(answers: Answers): Finding[] {
  const versions = answered(answers, 'drift')?.versions ?? [];
  return versions.flatMap(({ version, windowMs, distributions }) =>
    distributions.flatMap(({ name, alarmSinceMs, segments }): Finding[] => {
      if (alarmSinceMs === null) return [];
      const [first] = segments.filter(({ share, weight }) => share > weight + CLEARLY);
      const carried = first
        ? ` ${capital(formatPart(first.share))} of it is on ${first.value}.`
        : '';
      const since = formatSince(alarmSinceMs, windowMs);
      const text = `What ${version} sees or says has changed since ${since}: ${name}.${carried}`;
      return [{ id: 'drift', text }];
    }),
  );
}

function concepts(answers: Answers): Finding[] {
  const versions = answered(answers, 'accuracy')?.versions ?? [];
  return versions.flatMap(({ version, concept }): Finding[] => {
    if (!concept?.isAlarm) return [];
    const text = `${version} is right less often than its confidence says: ${formatPoints(concept.deficit)} of labelled runs.`;
    return [{ id: 'concept', text }];
  });
}

/** `failed-runs` as people say it. */
export function measureName(name: string): string {
  return name.replaceAll('-', ' ');
}

function capital(words: string): string {
  return words.slice(0, 1).toUpperCase() + words.slice(1);
}
