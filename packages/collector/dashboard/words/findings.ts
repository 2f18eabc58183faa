import { DAY_MS } from '../../src/counting/time.js';
import {
  type Finding,
  findingsOf,
  HEALTH_QUESTIONS,
  type HealthAnswers,
  type LatencyFinding,
  type SuccessFinding,
} from '../../src/findings/findings.js';
import { looksOf } from '../../src/findings/looks.js';
import { type Answers, answered, Unanswered } from '../asking/ask.js';
import {
  formatCount,
  formatDuration,
  formatMoment,
  formatPart,
  formatPoints,
  formatRate,
  formatSince,
  isolated,
} from './format.js';
import { type LookedAt, lookedAtWords } from './looks.js';

/** A finding as a sentence. */
export interface FindingInWords {
  readonly id: Finding['id'];
  /** The first sentence: it says what is wrong, since when and where. */
  readonly text: string;
  /** Further sentences. */
  readonly more: string;
  /** It rests on four of 64 groups of devices, so it may be one device, or somebody who lies. */
  readonly isByFew: boolean;
}

export interface Health {
  /**
   * `doubtful`: all that is wrong rests on a few groups of devices. `looking`: not everything has been answered.
   * `not-known`: the collector had no answer to something. `too-early`: nothing alarms, and too little has run for that
   * to say anything.
   */
  readonly state: 'well' | 'unwell' | 'doubtful' | 'looking' | 'not-known' | 'too-early';
  readonly findings: readonly FindingInWords[];
  /** The collector's reasons why something is not known. */
  readonly refused: readonly string[];
  readonly lookedAt: LookedAt;
}

export function healthOf(answers: Answers): Health {
  const findings = healthFindings(answers);
  const given = HEALTH_QUESTIONS.map((name) => answers[name]);
  const messages = given.flatMap((one) => (one instanceof Unanswered ? [one.message] : []));
  const refused = [...new Set(messages)];
  const lookedAt = lookedAtWords(looksOf(healthAnswers(answers)));
  const known = { findings, refused, lookedAt };
  if (findings.some(({ isByFew }) => !isByFew)) return { state: 'unwell', ...known };
  if (findings.length > 0) return { state: 'doubtful', ...known };
  if (given.includes(undefined)) return { state: 'looking', ...known };
  if (refused.length > 0) return { state: 'not-known', ...known };
  return { state: lookedAt.isTooEarly ? 'too-early' : 'well', ...known };
}

/** Findings of all that has been answered, the most urgent first. */
export function healthFindings(answers: Answers): FindingInWords[] {
  const findings = findingsOf(healthAnswers(answers));
  return findings.map((finding) => {
    const isByFew = 'isByFew' in finding && finding.isByFew;
    const [text = '', ...more] = sentences(finding);
    return {
      id: finding.id,
      text,
      more: [...more, ...(isByFew ? [BY_FEW] : [])].join(' '),
      isByFew,
    };
  });
}

function healthAnswers(answers: Answers): HealthAnswers {
  return {
    silence: answered(answers, 'silence'),
    canary: answered(answers, 'canary'),
    service: answered(answers, 'service'),
    drift: answered(answers, 'drift'),
    accuracy: answered(answers, 'accuracy'),
    latency: answered(answers, 'latency'),
    objectives: answered(answers, 'objectives'),
    parts: answered(answers, 'parts'),
    releases: answered(answers, 'releases'),
  };
}

const BY_FEW = 'It is made by four of 64 groups of devices.';

/** The first sentence says what is wrong, since when and where. */
function sentences(finding: Finding): string[] {
  if (finding.id === 'silence') {
    const since = `${finding.isOlder ? 'before ' : ''}${formatMoment(finding.sinceMs)}`;
    return [`Of the whole fleet far fewer devices report than usual, since ${since}.`];
  }
  const version = isolated(finding.version);
  switch (finding.id) {
    case 'rollout': {
      const { measures, sinceMs, beganMs, devices } = finding;
      const reasons = measures.map(
        ({ name, difference }) => `${measureName(name)} ${formatPoints(difference?.value)}`,
      );
      const since = sinceMs === null ? '' : `, known since ${formatMoment(sinceMs)}`;
      return [
        `${version} is worse than its control${since}: roll it back.`,
        `It began on ${formatMoment(beganMs)} and is on ${formatCount(devices)} devices.`,
        `${capital(reasons.join(', '))}.`,
      ];
    }
    case 'success': {
      const { success, target } = finding;
      const figures = `succeeds in ${formatRate(success.value)} of runs, under the target of ${formatRate(target)}`;
      return [`${version} ${figures} ${missedWords(finding)}`, ...nowhere(finding.part)];
    }
    case 'latency': {
      const { p95Ms, targetMs } = finding;
      const figures = `takes ${formatDuration(p95Ms.value)} at P95, over the target of ${formatDuration(targetMs)}`;
      return [`${version} ${figures} ${missedWords(finding)}`, ...nowhere(finding.part)];
    }
    case 'drift': {
      const { distribution, sinceMs, windowMs, segment, part } = finding;
      const carried = segment
        ? ` ${capital(formatPart(segment.share))} of it is on ${isolated(segment.value)}.`
        : '';
      const since = formatSince(sinceMs, windowMs);
      const where = part ? ` on ${isolated(part.value)}` : '';
      return [
        `What ${version} sees or says${where} has changed since ${since}: ${isolated(distribution)}.${carried}`,
        ...nowhere(segment ?? part),
      ];
    }
    case 'concept': {
      const since = formatSince(finding.sinceMs, DAY_MS);
      return [
        `${version} is right less often than its confidence says: ${formatPoints(finding.deficit)} of all runs labelled since ${since}.`,
      ];
    }
    case 'accuracy': {
      const { labelled, offline, ratio, target } = finding;
      const since = formatSince(finding.sinceMs, DAY_MS);
      return [
        `${version} is right in ${formatRate(labelled.value)} of runs labelled since ${since}: ${formatRate(ratio.value)} of the ${formatRate(offline.value)} on held-out data, under the target of ${formatRate(target)}.`,
      ];
    }
  }
}

/** "since 2 Mar (UTC). phone carries 80% of it." */
function missedWords({ sinceMs, part }: SuccessFinding | LatencyFinding): string {
  // targets are judged by the UTC day
  const since = sinceMs === null ? 'in this time' : `since ${formatSince(sinceMs, DAY_MS)}`;
  const carried = part ? ` ${isolated(part.value)} carries ${formatPart(part.share)} of it.` : '';
  return `${since}.${carried}`;
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
