import {
  type Answers,
  type FleetAnswers,
  type FleetContext,
  type FleetQuestion,
  scopeOf,
} from '../answers/answers.js';
import { DAY_MS } from '../counting/time.js';
import { VERDICT, verdictName } from '../fleet/findings.js';
import { parseFleetQuery } from '../fleet/query.js';
import type { Observation } from './compare-looks.js';
import { type Finding, findingsOf, type HealthAnswers } from './findings-of.js';
import { LOOKED_BACK_MS } from './looked-back.js';

/** Misses of a target are followed back so far. */
const OBJECTIVES_MS = 28 * DAY_MS;
/** All releases that are kept. */
const RELEASES_MS = 400 * DAY_MS;

/** Kinds that cannot be judged without the answer to a question. */
const KINDS = {
  silence: ['silence'],
  // a rollout that should be taken back hides what else is wrong with its version
  canary: [VERDICT, 'rollout', 'success', 'latency'],
  service: ['success', 'latency'],
  drift: ['drift', 'baseline'],
  accuracy: ['concept', 'accuracy'],
} as const satisfies Partial<Record<FleetQuestion, readonly (Finding['id'] | typeof VERDICT)[]>>;

export interface SeenModel {
  readonly observed: readonly Observation[];
  /** Kinds that could not be judged. */
  readonly unknown: ReadonlySet<string>;
}

interface LookOptions {
  readonly answers: Answers;
  readonly context: FleetContext;
  readonly nowMs: number;
  /** It is written down that this has begun. */
  readonly isWritten: (observation: Observation) => boolean;
  readonly onError: (error: unknown) => void;
}

/** Asks of a model what the page asks, one question after the other, because one thread answers. */
export async function lookAtModel(model: string, options: LookOptions): Promise<SeenModel> {
  const { answers, context, nowMs, isWritten, onError } = options;

  async function ask<Name extends FleetQuestion>(
    question: Name,
    lastMs: number,
  ): Promise<FleetAnswers[Name] | undefined> {
    const asked = { model, from: String(nowMs - lastMs), to: String(nowMs) };
    const query = parseFleetQuery(asked, nowMs, scopeOf(question));
    try {
      if (!query.ok) throw new Error(query.refusal.message);
      return await answers.fleet(question, query.value, { ...context, isOfNow: true });
    } catch (error) {
      onError(error);
      return undefined;
    }
  }

  const health: HealthAnswers = {
    silence: await ask('silence', LOOKED_BACK_MS.silence),
    canary: await ask('canary', LOOKED_BACK_MS.canary),
    service: await ask('service', LOOKED_BACK_MS.service),
    drift: await ask('drift', LOOKED_BACK_MS.drift),
    accuracy: await ask('accuracy', LOOKED_BACK_MS.accuracy),
  };
  const questions = Object.keys(KINDS) as (keyof typeof KINDS)[];
  const unknown = new Set(questions.flatMap((name) => (health[name] ? [] : KINDS[name])));
  const found = observe(model, health);
  const begins = new Set(found.filter((one) => !isWritten(one)).map(({ kind }) => kind));
  if (begins.size === 0) return { observed: found, unknown };
  // these only add to the figures that are written down
  const isMiss = begins.has('success') || begins.has('latency');
  const more: HealthAnswers = {
    objectives: isMiss ? await ask('objectives', OBJECTIVES_MS) : undefined,
    parts: isMiss ? await ask('parts', LOOKED_BACK_MS.service) : undefined,
    releases: begins.has('rollout') ? await ask('releases', RELEASES_MS) : undefined,
  };
  return { observed: observe(model, { ...health, ...more }), unknown };
}

/** A finding that four of 64 groups of devices make tells nobody, for it may be one device. */
function observe(model: string, answers: HealthAnswers): Observation[] {
  const findings = findingsOf(answers).filter((one) => !('isByFew' in one && one.isByFew));
  const rollouts = (answers.canary?.rollouts ?? []).filter(({ isOver }) => !isOver);
  return [
    ...findings.map((finding) => ({
      model,
      version: 'version' in finding ? finding.version : '',
      kind: finding.id,
      subject: subjectOf(finding),
      state: 'began',
      figures: finding,
    })),
    ...rollouts.map((rollout) => ({
      model,
      version: rollout.version,
      kind: VERDICT,
      subject: rollout.experiment,
      state: verdictName(rollout),
      figures: rollout,
    })),
  ];
}

/** Tells apart what a version can have several of. */
function subjectOf(finding: Finding): string {
  switch (finding.id) {
    case 'rollout':
      return finding.experiment;
    case 'drift':
    case 'baseline':
      return finding.distribution;
    default:
      return '';
  }
}
