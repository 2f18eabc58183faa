import { FEWEST_COHORTS } from '../statistics/guardrail.js';
import {
  type Hold,
  hoursUntilVerdict,
  type Judged,
  mayStep,
  type Verdict,
  verdictOf,
} from '../statistics/verdict.js';
import type { SignedRollout } from './signed-rollout.js';

/** How a rollout should go on. */
export interface JudgedRollout {
  readonly verdict: Exclude<Verdict, Hold> | RolloutHold | NoVerdict;
  /** Its next share is safe enough: less is asked of a canary that few devices have than of one for all. */
  readonly mayStep: boolean;
}

/** What holds a rollout as a whole, whatever its measures say. */
type HoldReason =
  | 'unknown-version'
  | 'old-facts'
  | 'few-canary-devices'
  | 'few-cohorts'
  | 'not-run'
  | 'one-day';

export interface RolloutHold extends Hold {
  /**
   * Hours until a verdict, if reports go on to come at their mean rate since the first one. Null where that is not known,
   * where it is more than a year, and where the rollout is over.
   */
  readonly hours: number | null;
}

/** There is no verdict without a control, or with too few devices in it. */
interface NoVerdict {
  readonly verdict: 'none';
  readonly because: 'no-control' | 'too-few-devices';
}

/** Devices by side, on the busiest UTC day. */
export interface DevicesBySide {
  readonly canary: number;
  readonly control: number;
}

/** All that a verdict on a rollout depends on. */
interface RolloutToJudge extends Pick<SignedRollout, 'lack' | 'share' | 'isOver'> {
  /** Without any facts there is a lack too, and standard margins still tell of a version that is worse. */
  readonly hasFacts: boolean;
  readonly devices: DevicesBySide;
  readonly minDevices: number;
  /** Cohorts whose devices reported on both sides. */
  readonly cohorts: number;
  /** Enough devices ran the version. Those that cannot, or have not fetched it, are as well as the control. */
  readonly isRun: boolean;
  /** Hours since its first report. */
  readonly hours: number;
  readonly guardrails: readonly Judged[];
  /** Guardrails of parts of the fleet. */
  readonly parts: readonly Judged[];
}

/** Says how a rollout should go on. What holds it as a whole is named alone. */
export function rolloutVerdict(rollout: RolloutToJudge): JudgedRollout {
  const { lack, share, isOver, hasFacts, devices, minDevices, hours, guardrails } = rollout;
  const none = noVerdict(devices, minDevices);
  if (none) return { verdict: none, mayStep: false };
  // facts of something else hold it however bad it is; a collector without any still tells of a bad one
  if (lack && hasFacts) return heldBy(lack);
  const verdict = verdictOf(guardrails, rollout.parts);
  if (verdict.verdict === 'roll-back') return { verdict, mayStep: false };
  if (lack) return heldBy(lack);
  if (devices.canary < minDevices) return heldBy('few-canary-devices');
  if (rollout.cohorts < FEWEST_COHORTS) return heldBy('few-cohorts');
  if (!rollout.isRun) return heldBy('not-run');
  const hoursLeft = Math.max(0, 24 - hours);
  if (verdict.verdict === 'promote') {
    if (hoursLeft === 0) return { verdict, mayStep: !isOver };
    return heldBy('one-day', { times: 1, hours: isOver ? null : hoursLeft });
  }
  const needed = hoursUntilVerdict(verdict, hours);
  return {
    verdict: { ...verdict, hours: isOver || needed === null ? null : Math.max(needed, hoursLeft) },
    mayStep: !isOver && hoursLeft === 0 && mayStep(guardrails, share),
  };
}

function noVerdict({ control }: DevicesBySide, minDevices: number): NoVerdict | undefined {
  if (control === 0) return { verdict: 'none', because: 'no-control' };
  return control < minDevices ? { verdict: 'none', because: 'too-few-devices' } : undefined;
}

function heldBy(
  reason: HoldReason,
  { times, hours }: Pick<RolloutHold, 'times' | 'hours'> = { times: null, hours: null },
): JudgedRollout {
  return { verdict: { verdict: 'hold', because: [reason], times, hours }, mayStep: false };
}
