import { BUCKET_MS, DAY_MS } from '../../src/counting/time.js';
import type { Finding } from '../../src/findings/findings-of.js';
import { lookedFor } from '../../src/findings/looked-for.js';
import type { FleetFindings, WrittenFinding } from '../../src/fleet/findings.js';
import { type Answers, answered, Unanswered } from '../asking/ask.js';
import type { QuestionName } from '../asking/questions.js';
import type { Moment } from '../state/moment.js';
import {
  countWords,
  formatDuration,
  formatMoment,
  formatPart,
  formatPoints,
  formatRate,
  formatSince,
  isolated,
} from './format.js';
import { IS_BESIDE, type LookedAt, lookedAtWords } from './looks.js';

/** A finding as a sentence. */
export interface FindingInWords {
  readonly id: Finding['id'];
  /** The first sentence: it says what is wrong, since when and where. */
  readonly text: string;
  /** Further sentences. */
  readonly more: string;
}

export interface Health {
  /**
   * `looking`: not everything has been answered. `not-known`: the collector had no answer to something. `unwatched`: it
   * did not look at that time. `not-yet`: it has not looked so far. `too-early`: nothing was found, and too little has run for
   * that to say anything. `too-little`: so it is, but the model is not new.
   */
  readonly state:
    | 'well'
    | 'unwell'
    | 'looking'
    | 'not-known'
    | 'unwatched'
    | 'not-yet'
    | 'too-early'
    | 'too-little';
  /** Open at the end of the time that is shown, the most urgent first. */
  readonly findings: readonly FindingInWords[];
  /** Open then too, and no sign that the model is unwell. */
  readonly beside: readonly FindingInWords[];
  /** When the collector looked, or will look, where that is no matter of course. */
  readonly looked: string;
  /** The collector's reasons why something is not known. */
  readonly refused: readonly string[];
  readonly lookedAt: LookedAt;
}

/** Tell what there was to find, beside what was found. */
const LOOKS = ['silence', 'canary', 'service', 'drift', 'accuracy'] as const;

/** A model is well when all of these were answered and the collector has just found nothing. */
export const HEALTH_QUESTIONS: readonly QuestionName[] = ['findings', ...LOOKS, 'serviceLately'];

/** A collector looks every five minutes. Here two looks were left out, and a third is due. */
const OVERDUE_MS = 3 * BUCKET_MS;

export function healthOf(answers: Answers, moment: Moment): Health {
  const written = answered(answers, 'findings');
  const open = healthFindings(answers, moment);
  const findings = open.filter(({ id }) => id !== IS_BESIDE);
  const beside = open.filter(({ id }) => id === IS_BESIDE);
  const given = HEALTH_QUESTIONS.map((name) => answers[name]);
  const messages = given.flatMap((one) => (one instanceof Unanswered ? [one.message] : []));
  const refused = [...new Set(messages)];
  const lookedAt = lookedAtOf(answers, moment);
  const unwatched = written ? unwatchedWords(written, moment) : '';
  const known = { findings, beside, looked: unwatched, refused, lookedAt };
  if (unwatched) return { state: 'unwatched', ...known };
  if (findings.length > 0) return { state: 'unwell', ...known };
  if (written?.lookedMs === null) return { state: 'not-yet', ...known, looked: FIRST_LOOK };
  if (given.includes(undefined)) return { state: 'looking', ...known };
  if (refused.length > 0) return { state: 'not-known', ...known };
  if (lookedAt.isTooEarly) return { state: 'too-early', ...known };
  return { state: lookedAt.names === '' ? 'too-little' : 'well', ...known };
}

/** Targets are judged over two hours, of which a model that is not new may have too little. */
function lookedAtOf(answers: Answers, { minDevices }: Moment): LookedAt {
  const health = Object.fromEntries(LOOKS.map((name) => [name, answered(answers, name)]));
  const overRange = lookedAtWords(lookedFor(health, minDevices));
  if (overRange.isTooEarly) return overRange;
  const service = answered(answers, 'serviceLately');
  const lately = lookedAtWords(lookedFor({ ...health, service }, minDevices), ' in two hours');
  return { ...lately, isTooEarly: false };
}

/** Says that there was no look at the end of the time that is shown. */
function unwatchedWords({ lookedMs, unlooked }: FleetFindings, { toMs }: Moment): string {
  if (lookedMs === null) return '';
  if (toMs - lookedMs > OVERDUE_MS) {
    return `The collector has not looked since ${formatMoment(lookedMs)}: what began or ended after that is not known.`;
  }
  const without = unlooked.find(
    ({ fromMs, toMs: end }) => (fromMs ?? -Infinity) < toMs && toMs < end,
  );
  if (!without || toMs - (without.fromMs ?? -Infinity) <= OVERDUE_MS) return '';
  return without.fromMs === null
    ? `The collector looked for the first time on ${formatMoment(without.toMs)}: what was wrong before is not known.`
    : `The collector did not look from ${formatMoment(without.fromMs)} to ${formatMoment(without.toMs)}: what began or ended then is not known.`;
}

const FIRST_LOOK =
  'The collector has not looked yet. It looks when it starts, and every five minutes after that.';

/** Lists what was open at the end of the time that is shown, the most urgent first. */
export function healthFindings(answers: Answers, { toMs }: Moment): FindingInWords[] {
  return writtenFindings(answered(answers, 'findings'))
    .filter(({ beganMs, endedMs }) => beganMs <= toMs && (endedMs ?? Infinity) > toMs)
    .sort((a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind))
    .map(({ kind, figures, beganMs }) => {
      const { what, detail, where, more } = findingWords(figures);
      return {
        id: kind,
        text: `${capital(what)}, since ${formatMoment(beganMs)}${detail && `: ${detail}`}.${where && ` ${where}`}`,
        more: more.join(' '),
      };
    });
}

/** The most urgent first. */
export const KINDS: readonly Finding['id'][] = [
  'silence',
  'rollout',
  'success',
  'latency',
  'accuracy',
  'drift',
  'concept',
  'baseline',
];

/** Its figures are those of the time when it began. */
type KnownFinding = WrittenFinding & { readonly kind: Finding['id']; readonly figures: Finding };

/** Returns the findings of the kinds that this page knows. */
export function writtenFindings(written: FleetFindings | undefined): KnownFinding[] {
  return (written?.findings ?? []).filter((one): one is KnownFinding =>
    KINDS.some((id) => id === one.kind),
  );
}

interface FindingWords {
  /** The fault, without a stop: "1.1.0 fails too often". */
  readonly what: string;
  /** Its figures when it began, or since when reports have it. */
  readonly detail: string;
  readonly where: string;
  readonly more: readonly string[];
}

export function findingWords(finding: Finding): FindingWords {
  const common = { detail: '', where: '', more: [] };
  if (finding.id === 'silence') {
    const first = `${finding.isOlder ? 'before ' : ''}${formatMoment(finding.sinceMs)}`;
    return {
      ...common,
      what: 'far fewer devices of the whole fleet report than usual',
      detail: `the first hour with too few began ${first}`,
    };
  }
  const version = isolated(finding.version);
  switch (finding.id) {
    case 'rollout': {
      const { measures, beganMs, devices } = finding;
      const reasons = measures.map(
        ({ name, difference }) => `${measureName(name)} ${formatPoints(difference?.value)}`,
      );
      return {
        ...common,
        what: `${version} is worse than its control`,
        detail: 'roll it back',
        more: [
          `It went out on ${formatMoment(beganMs)}, and was then on ${countWords(devices, 'devices')}.`,
          `${capital(reasons.join(', '))}.`,
        ],
      };
    }
    case 'success': {
      const { success, target, part } = finding;
      return {
        what: `${version} fails too often`,
        detail: `${formatRate(success.value)} of runs succeeded then, the target is ${formatRate(target)}`,
        where: part ? carriedWords(part) : '',
        more: nowhere(part),
      };
    }
    case 'latency': {
      const { p95Ms, targetMs, part } = finding;
      return {
        what: `${version} is too slow`,
        detail: `it took ${formatDuration(p95Ms.value)} at P95 then, the target is ${formatDuration(targetMs)}`,
        where: part ? carriedWords(part) : '',
        more: nowhere(part),
      };
    }
    case 'drift': {
      const { distribution, sinceMs, windowMs, segment, part } = finding;
      return {
        what: `what ${version} sees or says has changed${part ? ` on ${isolated(part.value)}` : ''}`,
        detail: `${isolated(distribution)}, in reports from ${formatSince(sinceMs, windowMs)} on`,
        where: segment
          ? `${capital(formatPart(segment.share))} of it is on ${isolated(segment.value)}.`
          : '',
        more: nowhere(segment ?? part),
      };
    }
    case 'baseline': {
      const { distribution, sinceMs, windowMs } = finding;
      return {
        ...common,
        what: `what ${version} sees or says is far from its baseline`,
        detail: `${isolated(distribution)}, in reports from ${formatSince(sinceMs, windowMs)} on`,
      };
    }
    case 'concept':
      return {
        ...common,
        what: `${version} is right less often than its confidence says`,
        detail: `${formatPoints(finding.deficit)} of all runs labelled from ${formatSince(finding.sinceMs, DAY_MS)} on`,
      };
    case 'accuracy': {
      const { labelled, ratio, target, sinceMs } = finding;
      const share = `${formatRate(labelled.value)} of runs labelled from ${formatSince(sinceMs, DAY_MS)} on`;
      return {
        ...common,
        what: `${version} is right less often than its target allows`,
        detail: `in ${share}, ${formatRate(ratio.value)} as often as on held-out data, the target is ${formatRate(target)}`,
      };
    }
  }
}

/** "phone carries 80% of it." */
function carriedWords({ value, share }: { value: string; share: number }): string {
  return `${isolated(value)} carries ${formatPart(share)} of it.`;
}

function nowhere(part: object | null | undefined): string[] {
  return part === null ? ['No part of the fleet has more of it than others.'] : [];
}

/** `failed-runs` as people say it. */
export function measureName(name: string): string {
  return name.replaceAll('-', ' ');
}

function capital(words: string): string {
  return words.slice(0, 1).toUpperCase() + words.slice(1);
}
