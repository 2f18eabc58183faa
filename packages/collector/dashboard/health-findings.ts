import type { Health } from './fetch-health.js';
import { formatDuration, formatMoment, formatPoints, formatRate } from './format.js';

/** Something that somebody should look at, as a sentence. */
export interface Finding {
  readonly id: 'silence' | 'rollout' | 'drift' | 'concept' | 'success' | 'latency';
  readonly text: string;
}

/** What is wrong with a model, the most urgent first; nothing where all is well. */
export function healthFindings(health: Health): Finding[] {
  return [
    ...silence(health),
    ...rollouts(health),
    ...service(health),
    ...drifts(health),
    ...concepts(health),
  ];
}

function silence({ silence }: Health): Finding[] {
  const sinceMs = silence?.silentSinceMs;
  if (sinceMs === null || sinceMs === undefined) return [];
  const text = `Far fewer devices report than usual, since ${formatMoment(sinceMs)}.`;
  return [{ id: 'silence', text }];
}

function rollouts({ canary }: Health): Finding[] {
  return (canary?.rollouts ?? []).flatMap(({ version, verdict, guardrails }): Finding[] => {
    if (verdict.verdict !== 'roll-back') return [];
    const reasons = verdict.because.map((name) => {
      const found = guardrails.find((one) => one.name === name);
      return `${measureName(name)} (${formatPoints(found?.difference.value)})`;
    });
    const text = `${version} is worse than its control: ${reasons.join(', ')}. Roll it back.`;
    return [{ id: 'rollout', text }];
  });
}

/** Beyond a target with its whole interval. */
function service({ service }: Health): Finding[] {
  if (!service) return [];
  const { targets, versions } = service;
  return versions.flatMap(({ version, success, p95Ms }): Finding[] => {
    const found: Finding[] = [];
    if (success.high !== null && success.high < targets.successRate) {
      const text = `${version} succeeds in ${formatRate(success.value)} of runs, under the target of ${formatRate(targets.successRate)}.`;
      found.push({ id: 'success', text });
    }
    if (p95Ms.low !== null && p95Ms.low > targets.p95Ms) {
      const text = `${version} takes ${formatDuration(p95Ms.value)} at P95, over the target of ${formatDuration(targets.p95Ms)}.`;
      found.push({ id: 'latency', text });
    }
    return found;
  });
}

function drifts({ drift }: Health): Finding[] {
  return (drift?.versions ?? []).flatMap(({ version, distributions }) =>
    distributions.flatMap(({ name, alarmSinceMs, segments }): Finding[] => {
      if (alarmSinceMs === null) return [];
      const [first] = segments.filter(({ share, weight }) => share > weight + 0.1);
      const carried = first ? ` ${formatRate(first.share)} of it is on ${first.value}.` : '';
      const text = `What ${version} sees has changed since ${formatMoment(alarmSinceMs)}: ${name}.${carried}`;
      return [{ id: 'drift', text }];
    }),
  );
}

function concepts({ accuracy }: Health): Finding[] {
  return (accuracy?.versions ?? []).flatMap(({ version, concept }): Finding[] => {
    if (!concept?.isAlarm) return [];
    const text = `${version} is right less often than its confidence says: ${formatPoints(concept.deficit)} of labelled runs.`;
    return [{ id: 'concept', text }];
  });
}

/** `failed-runs` as people say it. */
export function measureName(name: string): string {
  return name.replaceAll('-', ' ');
}
