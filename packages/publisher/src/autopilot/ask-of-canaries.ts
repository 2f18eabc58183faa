import { isNearsideError } from '@nearside/core';
import { askCanary, askFindings, type CollectorAccess } from '../fleet/ask-fleet.js';
import type { FleetCanary, FleetFindings, FleetRollout } from '../fleet/fleet-answers.js';
import { type CanaryAnswer, type CanaryOnOffer, WRONG_SETTING } from './decide.js';
import { problemOf, type StepProblem } from './step-problem.js';

/** A collector's answer about a canary, and all its figures for the log. */
export interface ToldOfCanary extends CanaryAnswer {
  readonly figures: FleetRollout | undefined;
}

export interface Asked {
  /** By model. One of which a collector told nothing is missing. */
  readonly answers: ReadonlyMap<string, ModelAnswer | typeof WRONG_SETTING>;
  readonly problems: readonly StepProblem[];
}

interface ModelAnswer {
  readonly canary: FleetCanary;
  readonly findings: FleetFindings;
}

/** Of errors that say that something else answers, or that it answers others. */
const WRONG_SETTINGS: readonly string[] = ['fleet-malformed', 'read-token-missing'];

/** Asks a collector of every canary. A failure that has a code is no answer; any other is a wrong address or token. */
export async function askOfCanaries(
  collector: CollectorAccess,
  canaries: readonly CanaryOnOffer[],
): Promise<Asked> {
  const answers = new Map<string, ModelAnswer | typeof WRONG_SETTING>();
  const problems: StepProblem[] = [];
  for (const model of new Set(canaries.map((one) => one.model))) {
    try {
      const findings = await askFindings(collector, model);
      const canary = await askCanary(collector, model, findings.toMs);
      answers.set(model, { canary, findings });
    } catch (error) {
      if (!isNearsideError(error)) throw error;
      problems.push(problemOf(error, model));
      if (WRONG_SETTINGS.includes(error.code)) answers.set(model, WRONG_SETTING);
    }
  }
  return { answers, problems };
}

/**
 * @param pin of the repository that offers it
 * @returns undefined where the collector was not reached. One that has the facts of another repository, or knows only
 *   another rollout of the version, is a wrong one
 */
export function answerOn(
  { model, version, experiment }: CanaryOnOffer,
  { answers }: Asked,
  pin: string,
): ToldOfCanary | typeof WRONG_SETTING | undefined {
  const answer = answers.get(model);
  if (!answer || answer === WRONG_SETTING) return answer;
  const factsPin = answer.canary.pin;
  if (factsPin !== null && factsPin !== pin) return WRONG_SETTING;
  const ofVersion = answer.canary.rollouts.filter((one) => one.version === version);
  const rollout = ofVersion.find((one) => one.experiment === experiment);
  return ofVersion.length > 0 && !rollout ? WRONG_SETTING : told(rollout, answer);
}

const NO_REPORTS = {
  devices: { canary: 0, control: 0 },
  verdict: { verdict: 'none', because: 'no-reports' },
  mayStep: false,
  undone: { n: 0, of: 0 },
} as const;

function told(
  rollout: FleetRollout | undefined,
  { canary: { revision }, findings: { verdicts, lookedMs, toMs } }: ModelAnswer,
): ToldOfCanary {
  const { devices, verdict: judged, mayStep, undone } = rollout ?? NO_REPORTS;
  const { verdict, because = [] } = judged;
  return {
    devices,
    verdict,
    because: [because].flat(),
    mayStep,
    undone,
    revision,
    written: verdicts.findLast(
      (one) => one.experiment === rollout?.experiment && one.version === rollout.version,
    ),
    lookedMs,
    nowMs: toMs,
    figures: rollout,
  };
}
