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
  /** By experiment. One that the collector does not know is missing. */
  readonly told: ReadonlyMap<string, ToldOfCanary>;
  readonly unanswered: readonly Unanswered[];
}

/** A model of which a collector tells nothing, and why. */
export interface Unanswered {
  readonly model: string;
  readonly code: ErrorCode | PublisherErrorCode;
  readonly message: string;
}

/** Asks a collector of every canary. A failure that has a code is no answer. */
export async function askOfCanaries(
  fleet: Fleet,
  canaries: readonly CanaryOnOffer[],
): Promise<Asked> {
  const told = new Map<string, ToldOfCanary>();
  const unanswered: Unanswered[] = [];
  for (const model of new Set(canaries.map((one) => one.model))) {
    try {
      const canary = await askCanary(fleet, model);
      const findings = await askFindings(fleet, model);
      for (const rollout of canary.rollouts) {
        told.set(rollout.experiment, answerOf(rollout, canary, findings));
      }
    } catch (error) {
      if (!isNearsideError(error)) throw error;
      const { code, message } = error;
      unanswered.push({ model, code, message });
    }
  }
  return { told, unanswered };
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
