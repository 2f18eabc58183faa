import { isNearsideError } from '@nearside/core';
import { askCanary, askFindings, type CollectorAccess } from '../fleet/ask-fleet.js';
import type { FleetCanary, FleetFindings, FleetRollout } from '../fleet/fleet-answers.js';
import type { CanaryAnswer, CanaryOnOffer } from './decide.js';
import { problemOf, type StepProblem } from './step-problem.js';

/** A collector's answer about a canary, and all its figures for the log. */
export interface ToldOfCanary extends CanaryAnswer {
  readonly model: string;
  readonly figures: FleetRollout;
}

export interface Asked {
  /** One that the collector does not know is missing. */
  readonly told: readonly ToldOfCanary[];
  readonly problems: readonly StepProblem[];
}

/** Asks a collector of every canary. A failure that has a code is no answer; any other is a wrong address or token. */
export async function askOfCanaries(
  collector: CollectorAccess,
  canaries: readonly CanaryOnOffer[],
): Promise<Asked> {
  const told: ToldOfCanary[] = [];
  const problems: StepProblem[] = [];
  for (const model of new Set(canaries.map((one) => one.model))) {
    try {
      const findings = await askFindings(collector, model);
      const canary = await askCanary(collector, model, findings.toMs);
      told.push(...canary.rollouts.map((one) => answerOf(one, { model, canary, findings })));
    } catch (error) {
      if (!isNearsideError(error)) throw error;
      problems.push(problemOf(error, model));
    }
  }
  return { told, problems };
}

interface Answers {
  readonly model: string;
  readonly canary: FleetCanary;
  readonly findings: FleetFindings;
}

function answerOf(
  rollout: FleetRollout,
  { model, canary: { revision }, findings: { verdicts, lookedMs, toMs } }: Answers,
): ToldOfCanary {
  const { verdict, because = [] } = rollout.verdict;
  const { version, experiment, mayStep, undone } = rollout;
  return {
    model,
    verdict,
    because: [because].flat(),
    mayStep,
    undone,
    revision,
    written: verdicts.findLast((one) => one.experiment === experiment && one.version === version),
    lookedMs,
    nowMs: toMs,
    figures: rollout,
  };
}
