import type { GuardrailResult } from './guardrail.js';

/** Says how a rollout should go on, and by which guardrails. Only a holder of signing keys moves it. */
export type Verdict =
  | { readonly verdict: 'roll-back'; readonly because: readonly string[] }
  | { readonly verdict: 'promote' }
  | Hold;

export interface Hold {
  readonly verdict: 'hold';
  /** Guardrails that are not sure yet. */
  readonly because: readonly string[];
  /** So many times as many devices are needed, if nothing changes. Null where that is not known. */
  readonly times: number | null;
}

export interface Judged {
  readonly name: string;
  /** A difference that is tolerated. */
  readonly margin: number;
  /** Undefined where too little is known. */
  readonly result: GuardrailResult | undefined;
}

/** @param parts guardrails of parts of the fleet: they can ask for a roll-back, and never hold a promotion */
export function verdictOf(guardrails: readonly Judged[], parts: readonly Judged[] = []): Verdict {
  const worse = guardrails.filter(isWorse);
  const found = worse.length > 0 ? worse : parts.filter(isWorse);
  if (found.length > 0) return { verdict: 'roll-back', because: found.map(({ name }) => name) };

  const open = guardrails.filter(({ result, margin }) => !result || !(result.high < margin));
  if (open.length === 0 && guardrails.length > 0) return { verdict: 'promote' };
  const times = timesUntilVerdict(open);
  return {
    verdict: 'hold',
    because: open.map(({ name }) => name),
    times: Number.isFinite(times) ? times : null,
  };
}

/**
 * Upper ends have to be under so many times the margin, by the share of devices that have the canary already. With the plain
 * margin a small share would never be left.
 */
const STEPS = [
  { below: 0.05, times: 4 },
  { below: 0.25, times: 2 },
  { below: Infinity, times: 1 },
];

/**
 * Tells whether a larger share is safe enough. That something is less than four times the margin is true of a version that
 * is worse by twice, so that is asked for too.
 *
 * @param share of all installs that have the canary. Where that is not known, as much is asked as of one for many
 */
export function mayStep(guardrails: readonly Judged[], share: number | null): boolean {
  const { times } = STEPS.find(({ below }) => (share ?? 1) < below) as (typeof STEPS)[number];
  return guardrails.every(
    ({ result, margin }) => result?.isUnderTwice && result.high < times * margin,
  );
}

/** One guardrail is enough to roll back. To promote, all of them have to be sure. */
function timesUntilVerdict(open: readonly Judged[]): number {
  const needed = ({ result }: Judged) => result?.needed() ?? Infinity;
  const over = open.filter(({ result, margin }) => result && result.difference > margin);
  return over.length > 0 ? Math.min(...over.map(needed)) : Math.max(...open.map(needed));
}

/** Nobody waits longer. */
export const MOST_HOURS = 365 * 24;

/**
 * Returns the hours until a verdict, if reports go on to come as they came in the hours so far, and each says as much as
 * those before. Devices that report again say less than new ones, so it may take longer.
 *
 * @returns null where it is not known, or more than a year
 */
export function hoursUntilVerdict({ times }: Hold, hoursSoFar: number): number | null {
  const hours = times === null ? Infinity : (times - 1) * hoursSoFar;
  return hours <= MOST_HOURS ? hours : null;
}

/** The canary is worse for sure, and by more than is tolerated. */
export function isWorse({ result, margin }: Pick<Judged, 'result' | 'margin'>): boolean {
  return result !== undefined && result.low > 0 && result.difference > margin;
}
