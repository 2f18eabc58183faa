import { type ErrorCode, isNearsideError } from '@nearside/core';
import type { PublisherErrorCode } from '../errors/publisher-error.js';
import { askCanary, askFindings, type Fleet } from '../fleet/ask-fleet.js';
import type { FleetCanary, FleetFindings, FleetRollout } from '../fleet/fleet-answers.js';
import type { CanaryAnswer, CanaryOnOffer } from './decide.js';

/** A collector's answer about a canary, and all its figures for the log. */
export interface ToldOfCanary extends CanaryAnswer {
  readonly figures: FleetRollout;
}

export interface Asked {
  /** One that the collector does not know is missing. */
  readonly told: readonly ToldOfCanary[];
  readonly problems: readonly ModelProblem[];
}

/** Why a collector tells nothing of a model, or why it could not be acted on. */
export interface ModelProblem {
  readonly model: string;
  readonly code: ErrorCode | PublisherErrorCode;
  readonly message: string;
}

/** @throws unless the error has a code */
export function problemOf(model: string, error: unknown): ModelProblem {
  if (!isNearsideError(error)) throw error;
  const { code, message } = error;
  return { model, code, message };
}

/** Asks a collector of every canary. A failure that has a code is no answer. */
export async function askOfCanaries(
  fleet: Fleet,
  canaries: readonly CanaryOnOffer[],
): Promise<Asked> {
  const told: ToldOfCanary[] = [];
  const problems: ModelProblem[] = [];
  for (const model of new Set(canaries.map((one) => one.model))) {
    try {
      const canary = await askCanary(fleet, model);
      const findings = await askFindings(fleet, model);
      told.push(...canary.rollouts.map((rollout) => answerOf(rollout, canary, findings)));
    } catch (error) {
      problems.push(problemOf(model, error));
    }
  }
  return { told, problems };
}

function answerOf(
  rollout: FleetRollout,
  { revision }: FleetCanary,
  { verdicts, lookedMs, toMs }: FleetFindings,
): ToldOfCanary {
  const { verdict, because = [] } = rollout.verdict;
  const { version, experiment, mayStep, takenBack } = rollout;
  return {
    verdict,
    because: [because].flat(),
    mayStep,
    takenBack,
    revision,
    written: verdicts.findLast((one) => one.experiment === experiment && one.version === version),
    lookedMs,
    nowMs: toMs,
    figures: rollout,
  };
}
