/** A version that a part of the devices is offered, as the signed targets say it. */
export interface CanaryOnOffer {
  readonly model: string;
  readonly version: string;
  /** As reports name it. */
  readonly experiment: string;
  /** The share of devices that may run it, in percent. */
  readonly percent: number;
  /** When each of its shares was offered, Unix ms. Empty where an older publisher offered it. */
  readonly offeredMs: readonly number[];
  /** Another version is there for every device. */
  readonly hasFallback: boolean;
}

/** A collector's answer about the experiment of one canary. */
export interface CanaryAnswer {
  /** Devices that reported to it in two weeks, by side, on the busiest UTC day. */
  readonly devices: { readonly canary: number; readonly control: number };
  /** The verdict now, and the guardrails or the reason that it names. */
  readonly verdict: 'roll-back' | 'promote' | 'hold' | 'none';
  readonly because: readonly string[];
  /** No worse than is tolerated at a share as small as its own. */
  readonly mayStep: boolean;
  /** Updates that the devices' own gates undid on the canary side, and all that were tried. */
  readonly undone: { readonly n: number; readonly of: number };
  /** Version of the signed targets by which it is judged now. */
  readonly revision: number | null;
  /** The verdict that two looks in a row saw last, a window apart; `step` is a hold that may step. */
  readonly written:
    | { readonly verdict: string; readonly revision: number | null; readonly atMs: number }
    | undefined;
  /** When the collector last looked, by its own clock. Null before its first look. */
  readonly lookedMs: number | null;
  /** The time there when it answered. */
  readonly nowMs: number;
}

/** What answers is not the collector of these devices, or refuses the token. That is no silence of theirs. */
export const WRONG_SETTING = 'wrong-setting';

/** How far autopilot may go. Without steps and `stable` it only takes back. */
export interface AutopilotRules {
  /** Shares to widen to, in percent. */
  readonly steps: readonly number[];
  /** The last step is all devices. */
  readonly stable: boolean;
  /** What becomes of a canary that has had its first share for a day when nobody has reported of it. */
  readonly noAnswer: 'revoke' | 'hold';
}

export type Decision =
  | { readonly act: 'revoke'; readonly because: 'worse' | Unwatched }
  | { readonly act: 'promote'; readonly to: number | 'stable'; readonly because: 'good' | 'dwell' }
  | { readonly act: 'wait'; readonly because: WaitReason };

/**
 * - `no-answer`: the collector is out of reach, has stopped looking, or hears of neither side
 * - `silent`: devices of its control report, and none of its own: perhaps none comes as far as a report
 */
type Unwatched = 'no-answer' | 'silent';

/**
 * - `too-early`: a share is kept for a day
 * - `verdict`: the collector sees no reason to go on yet
 * - `unconfirmed`: two looks in a row have not yet said so of this experiment and the signed targets now
 * - `old-facts`: the collector has the facts of other targets than those signed now
 * - `wrong-setting`: what answers is not the collector of these devices, or refuses the token
 * - `not-asked`: nobody asked for a wider share by `steps` or `stable`
 * - `no-fallback`: it is worse or unwatched, and no version is left for all devices
 * - `clock`: the time of its offer or of the collector is not that of the clock here
 * - `unknown-offer`: an older publisher offered it, so nobody knows since when
 */
export type WaitReason =
  | 'too-early'
  | 'verdict'
  | 'unconfirmed'
  | 'old-facts'
  | Unwatched
  | typeof WRONG_SETTING
  | 'not-asked'
  | 'no-fallback'
  | 'clock'
  | 'unknown-offer';

/** Each share is kept for so long at least: a whole day has all its hours. */
export const DWELL_MS = 86_400_000;

const LIMITS = Object.freeze({
  /** Looks come every five minutes. When one is older than this, they have stopped. */
  lookMs: 900_000,
  /** Clocks that are further apart are not those of one time. */
  clocksMs: 900_000,
  /** A clock so far behind the collector's signs nothing: a timestamp lives 14 days. */
  behindMs: 86_400_000,
  /** The devices' own gates undid more than this share of updates: one look is enough. */
  undone: 0.1,
  /** Up to this share, in percent, the control is as large as the canary. */
  controlledPercent: 50,
});

/**
 * Decides what becomes of a canary. It reads no clock and keeps nothing, so the same question has the same answer.
 *
 * @param answer undefined where the collector cannot be reached
 * @param revision version of the signed targets now
 */
export function decide(
  canary: CanaryOnOffer,
  answer: CanaryAnswer | typeof WRONG_SETTING | undefined,
  rules: AutopilotRules,
  { revision, nowMs }: { readonly revision: number; readonly nowMs: number },
): Decision {
  if (answer === WRONG_SETTING) return wait(answer);
  const heard = answer && looksGoOn(answer) ? answer : undefined;
  const sinceMs = canary.offeredMs.at(-1);
  // what a clock signs that is behind expires too early, or has expired before any device sees it
  if (nowMs < (sinceMs ?? 0) || (heard && nowMs < heard.nowMs - LIMITS.behindMs))
    return wait('clock');
  if (heard?.verdict === 'roll-back') return takeBack(canary, heard, revision);
  if (sinceMs === undefined) return wait('unknown-offer');
  if (nowMs < sinceMs + DWELL_MS) return wait('too-early');
  if (answer && Math.abs(nowMs - answer.nowMs) > LIMITS.clocksMs) return wait('clock');
  const to = nextShare(canary, rules);
  if (canary.percent > LIMITS.controlledPercent) {
    // it does not look any more, and is asked what it says now
    if (answer?.verdict === 'roll-back') return wait('no-answer');
    return to === undefined ? wait('not-asked') : { act: 'promote', to, because: 'dwell' };
  }
  if (!heard) return unwatched(canary, 'no-answer', rules);
  const hasNoFacts = heard.revision === null && !hasReports(heard);
  if (heard.revision !== revision && !hasNoFacts) return wait('old-facts');
  if (!hasReports(heard)) return unwatched(canary, 'no-answer', rules);
  if (heard.devices.canary === 0) return unwatched(canary, 'silent', rules);
  if (to === undefined) return wait('not-asked');
  const enough = to === 'stable' ? ['promote'] : ['promote', 'step'];
  if (!enough.includes(verdictName(heard))) return wait('verdict');
  if (!isConfirmed(heard, enough, revision)) return wait('unconfirmed');
  return { act: 'promote', to, because: 'good' };
}

/** It may come at any time: what is worse does not stay for a day. */
function takeBack(canary: CanaryOnOffer, answer: CanaryAnswer, revision: number): Decision {
  if (answer.revision !== revision) return wait('old-facts');
  const { n, of } = answer.undone;
  const isSeenByDevices = n > LIMITS.undone * of;
  if (!isSeenByDevices && !isConfirmed(answer, ['roll-back'], revision)) return wait('unconfirmed');
  return canary.hasFallback ? { act: 'revoke', because: 'worse' } : wait('no-fallback');
}

/**
 * A revocation is for good, and a want of reports proves no fault: by default it waits. One that has been widened was seen
 * to be good, so it always stays.
 */
function unwatched(
  { offeredMs, hasFallback }: CanaryOnOffer,
  because: Unwatched,
  rules: AutopilotRules,
): Decision {
  const isFirstShare = offeredMs.length === 1;
  if (!isFirstShare || rules.noAnswer === 'hold') return wait(because);
  return hasFallback ? { act: 'revoke', because } : wait('no-fallback');
}

/** A device of either side has reported. */
export function hasReports({ devices: { canary, control } }: CanaryAnswer): boolean {
  return canary + control > 0;
}

function nextShare(
  { percent }: CanaryOnOffer,
  { steps, stable }: AutopilotRules,
): number | 'stable' | undefined {
  const wider = steps.filter((step) => step > percent);
  if (wider.length > 0) return Math.min(...wider);
  return stable ? 'stable' : undefined;
}

/** A collector that has stopped looking repeats what it once saw, also where its clock was set back since then. */
function looksGoOn({ lookedMs, nowMs }: CanaryAnswer): boolean {
  return lookedMs !== null && Math.abs(nowMs - lookedMs) <= LIMITS.lookMs;
}

/** As the collector names it in a written verdict. */
function verdictName({ verdict, mayStep }: CanaryAnswer): string {
  return verdict === 'hold' && mayStep ? 'step' : verdict;
}

function isConfirmed(
  { written }: CanaryAnswer,
  enough: readonly string[],
  revision: number,
): boolean {
  return written !== undefined && written.revision === revision && enough.includes(written.verdict);
}

function wait(because: WaitReason): Decision {
  return { act: 'wait', because };
}
