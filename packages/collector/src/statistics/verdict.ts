import type { GuardrailResult } from './guardrail.js';

/** Says how a rollout should go on, and by which guardrails. Only a holder of signing keys moves it. */
export type Verdict =
  | { readonly verdict: 'roll-back'; readonly because: readonly string[] }
  | { readonly verdict: 'promote' }
  /** `times` as many devices are needed, if nothing changes. Null where that is not known. */
  | {
      readonly verdict: 'hold';
      readonly because: readonly string[];
      readonly times: number | null;
    };

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
  const times = open.map(({ result }) => result?.needed ?? Infinity);
  const most = Math.max(...times);
  return {
    verdict: 'hold',
    because: open.map(({ name }) => name),
    times: Number.isFinite(most) ? most : null,
  };
}

/** The canary is worse for sure, and by more than is tolerated. */
export function isWorse({ result, margin }: Pick<Judged, 'result' | 'margin'>): boolean {
  return result !== undefined && result.low > 0 && result.difference > margin;
}
