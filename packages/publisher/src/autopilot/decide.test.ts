import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AutopilotRules, type CanaryAnswer, type CanaryOnOffer, decide } from './decide.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const OFFERED_MS = 1_700_000_000_000;
const REVISION = 7;

const canary: CanaryOnOffer = {
  model: 'digits',
  version: '1.1.0',
  experiment: '0a1b2c3d',
  percent: 5,
  offeredMs: [OFFERED_MS],
  hasFallback: true,
};
const onlyBack: AutopilotRules = { steps: [], stable: false, noAnswer: 'hold' };
const wider: AutopilotRules = { ...onlyBack, steps: [1, 5, 25] };
const toAll: AutopilotRules = { ...wider, stable: true };

/** What a healthy collector says a day and an hour after the offer. */
function said(changed: Partial<CanaryAnswer> = {}): CanaryAnswer {
  const nowMs = OFFERED_MS + DAY_MS + HOUR_MS;
  return {
    devices: { canary: 400, control: 400 },
    verdict: 'hold',
    because: ['failed-runs'],
    mayStep: false,
    undone: { n: 0, of: 0 },
    revision: REVISION,
    written: { verdict: 'hold', revision: REVISION, atMs: nowMs - HOUR_MS },
    lookedMs: nowMs - 60_000,
    nowMs,
    ...changed,
  };
}

function saidTwice(verdict: 'roll-back' | 'promote' | 'step', changed: Partial<CanaryAnswer> = {}) {
  const now = verdict === 'step' ? ({ verdict: 'hold', mayStep: true } as const) : { verdict };
  return said({ ...now, written: { verdict, revision: REVISION, atMs: 0 }, ...changed });
}

function decided(
  answer: CanaryAnswer | undefined,
  {
    rules = onlyBack,
    afterMs = DAY_MS + HOUR_MS,
    ...changed
  }: Partial<CanaryOnOffer> & { rules?: AutopilotRules; afterMs?: number } = {},
) {
  const nowMs = OFFERED_MS + afterMs;
  return decide({ ...canary, ...changed }, answer, rules, { revision: REVISION, nowMs });
}

const back = { act: 'revoke', because: 'worse' };
const wait = (because: string) => ({ act: 'wait', because });

describe('a canary that is worse', () => {
  test('is taken back when two looks in a row said so', () => {
    expect(decided(saidTwice('roll-back'))).toEqual(back);
  });

  test('is taken back in its first minute, because what is worse does not stay for a day', () => {
    const early = { lookedMs: OFFERED_MS, nowMs: OFFERED_MS + 60_000 };
    expect(decided(saidTwice('roll-back', early), { afterMs: 60_000 })).toEqual(back);
  });

  test.each<[string, CanaryAnswer['written']]>([
    ['was never written down', undefined],
    ['followed on another verdict', { verdict: 'hold', revision: REVISION, atMs: 0 }],
    ['was of the targets before', { verdict: 'roll-back', revision: REVISION - 1, atMs: 0 }],
    ['was without facts', { verdict: 'roll-back', revision: null, atMs: 0 }],
  ])('stays for another look where its verdict %s', (_, written) => {
    expect(decided(saidTwice('roll-back', { written }))).toEqual(wait('unconfirmed'));
  });

  test('stays where it is not worse any more', () => {
    const written = { verdict: 'roll-back', revision: REVISION, atMs: 0 };
    expect(decided(said({ written }), { rules: toAll })).toEqual(wait('verdict'));
  });

  test('is taken back by one look where devices took back over a tenth themselves', () => {
    const once = { written: undefined };
    const ofTen = (n: number) => said({ verdict: 'roll-back', ...once, undone: { n, of: 100 } });
    expect(decided(ofTen(11))).toEqual(back);
    expect(decided(ofTen(10))).toEqual(wait('unconfirmed'));
  });

  test('is not taken back by the devices alone, without a verdict', () => {
    expect(decided(said({ undone: { n: 90, of: 100 } }))).toEqual(wait('not-asked'));
  });

  test('stays where the collector judged by other facts, however often it looked', () => {
    const behind = saidTwice('roll-back', { revision: 6, undone: { n: 9, of: 10 } });
    expect(decided(behind)).toEqual(wait('old-facts'));
  });

  test('stays where no version is left for all devices', () => {
    expect(decided(saidTwice('roll-back'), { hasFallback: false })).toEqual(wait('no-fallback'));
  });

  test('is taken back at any share, also where its control is smaller', () => {
    expect(decided(saidTwice('roll-back'), { percent: 75, rules: toAll })).toEqual(back);
  });

  test('is taken back where the clock here is ahead, or not a day behind the collector', () => {
    for (const afterMs of [400 * DAY_MS, 2 * HOUR_MS]) {
      expect(decided(saidTwice('roll-back'), { afterMs })).toEqual(back);
    }
  });

  test('is not taken back by a clock that is behind: what it signs would expire too early', () => {
    expect(decided(saidTwice('roll-back'), { afterMs: -1 })).toEqual(wait('clock'));
    const longAgo = { offeredMs: [OFFERED_MS - 90 * DAY_MS], afterMs: -30 * DAY_MS };
    expect(decided(saidTwice('roll-back'), longAgo)).toEqual(wait('clock'));
  });
});

describe('a canary that is no worse', () => {
  test('keeps its share unless a wider one is asked for by name', () => {
    expect(decided(saidTwice('promote'))).toEqual(wait('not-asked'));
    expect(decided(saidTwice('promote'), { rules: wider, percent: 25 })).toEqual(wait('not-asked'));
  });

  test('is widened to the next step', () => {
    const good = { act: 'promote', because: 'good' };
    expect(decided(saidTwice('step'), { rules: wider })).toEqual({ ...good, to: 25 });
    expect(decided(saidTwice('promote'), { rules: toAll })).toEqual({ ...good, to: 25 });
    expect(decided(saidTwice('step'), { rules: wider, percent: 0.5 })).toEqual({ ...good, to: 1 });
  });

  test('goes to all after the last step, by a verdict for promotion and `stable` alone', () => {
    const last = { rules: toAll, percent: 25 };
    const all = { act: 'promote', to: 'stable', because: 'good' };
    expect(decided(saidTwice('promote'), last)).toEqual(all);
    expect(decided(saidTwice('step'), last)).toEqual(wait('verdict'));
    const withoutSteps = { rules: { ...onlyBack, stable: true } };
    expect(decided(saidTwice('promote'), withoutSteps)).toEqual(all);
  });

  test('keeps each share for a day', () => {
    const twoShares = { rules: wider, offeredMs: [OFFERED_MS - 9 * DAY_MS, OFFERED_MS] };
    expect(decided(saidTwice('step'), { ...twoShares, afterMs: DAY_MS - 1 })).toEqual(
      wait('too-early'),
    );
    const nowMs = OFFERED_MS + DAY_MS;
    const then = saidTwice('step', { nowMs, lookedMs: nowMs });
    expect(decided(then, { ...twoShares, afterMs: DAY_MS })).toMatchObject({ act: 'promote' });
  });

  test('is not widened by one look', () => {
    const once = { written: { verdict: 'hold', revision: REVISION, atMs: 0 } };
    expect(decided(saidTwice('step', once), { rules: wider })).toEqual(wait('unconfirmed'));
  });

  test('is not widened by a verdict of the facts before', () => {
    const before = { written: { verdict: 'step', revision: REVISION - 1, atMs: 0 } };
    expect(decided(saidTwice('step', before), { rules: wider })).toEqual(wait('unconfirmed'));
    const behind = { revision: REVISION - 1 };
    expect(decided(saidTwice('step', behind), { rules: wider })).toEqual(wait('old-facts'));
  });

  test('is not widened while the collector is not sure', () => {
    expect(decided(said(), { rules: wider })).toEqual(wait('verdict'));
    expect(decided(said({ verdict: 'none' }), { rules: wider })).toEqual(wait('verdict'));
  });

  test('is not widened where nobody knows since when it has its share', () => {
    const unknown = { rules: toAll, offeredMs: [] };
    expect(decided(saidTwice('promote'), unknown)).toEqual(wait('unknown-offer'));
  });
});

describe('above half of all devices', () => {
  test('only the dwell counts, because no control of equal size is left', () => {
    const half = { rules: toAll, percent: 60 };
    for (const answer of [undefined, said(), said({ verdict: 'none' })]) {
      expect(decided(answer, half)).toEqual({ act: 'promote', to: 'stable', because: 'dwell' });
      expect(decided(answer, { ...half, afterMs: HOUR_MS })).toEqual(wait('too-early'));
      expect(decided(answer, { percent: 60 })).toEqual(wait('not-asked'));
    }
  });

  test('nothing is widened that a collector which has stopped looking says is worse', () => {
    const stopped = { lookedMs: OFFERED_MS };
    for (const answer of [
      said({ verdict: 'roll-back', ...stopped }),
      saidTwice('roll-back', stopped),
    ])
      expect(decided(answer, { rules: toAll, percent: 60 })).toEqual(wait('no-answer'));
  });

  test('nothing is widened by a clock that is ahead of the collector: the day is not over', () => {
    const half = { rules: toAll, percent: 60 };
    const early = said({ nowMs: OFFERED_MS + HOUR_MS, lookedMs: OFFERED_MS + HOUR_MS });
    expect(decided(early, half)).toEqual(wait('clock'));
  });
});

describe('without reports of a canary', () => {
  const none = { canary: 0, control: 0 };
  const unwatched: [string, 'no-answer' | 'silent', CanaryAnswer | undefined][] = [
    ['the collector cannot be reached', 'no-answer', undefined],
    ['no device of either side reports', 'no-answer', said({ devices: none, verdict: 'none' })],
    ['the same, and no facts', 'no-answer', said({ devices: none, revision: null })],
    ['the collector has never looked', 'no-answer', saidTwice('promote', { lookedMs: null })],
    ['it has stopped looking', 'no-answer', saidTwice('promote', { lookedMs: OFFERED_MS })],
    [
      'it has stopped looking and its clock was set back',
      'no-answer',
      saidTwice('promote', { lookedMs: OFFERED_MS + 3 * DAY_MS }),
    ],
    ['only its control reports', 'silent', said({ devices: { canary: 0, control: 1 } })],
  ];

  test.each(unwatched)('it stays, however long that is so: %s', (_, because, answer) => {
    expect(decided(answer, { rules: toAll })).toEqual(wait(because));
    expect(decided(answer, { rules: toAll, afterMs: DAY_MS - 1 })).toEqual(wait('too-early'));
  });

  const revoking: AutopilotRules = { ...toAll, noAnswer: 'revoke' };

  test.each(unwatched)(
    'with `revoke` a canary of its first share is taken back after its day: %s',
    (_, because, answer) => {
      expect(decided(answer, { rules: revoking })).toEqual({ act: 'revoke', because });
      expect(decided(answer, { rules: revoking, afterMs: DAY_MS - 1 })).toEqual(wait('too-early'));
    },
  );

  test.each(unwatched)('no canary that has been widened is touched: %s', (_, because, answer) => {
    const widened = { offeredMs: [OFFERED_MS - DAY_MS, OFFERED_MS], rules: revoking };
    expect(decided(answer, widened)).toEqual(wait(because));
  });

  test('nothing is revoked that has no version to go back to', () => {
    const alone = { hasFallback: false, rules: revoking };
    expect(decided(undefined, alone)).toEqual(wait('no-fallback'));
  });

  test('a roll-back that it once saw is not acted on', () => {
    const old = saidTwice('roll-back', { lookedMs: OFFERED_MS });
    expect(decided(old, { afterMs: HOUR_MS })).toEqual(wait('too-early'));
  });
});

describe('a clock', () => {
  test('that was turned back widens and revokes nothing: the offer lies ahead', () => {
    for (const answer of [undefined, saidTwice('promote')]) {
      expect(decided(answer, { rules: toAll, afterMs: -1 })).toEqual(wait('clock'));
    }
  });

  test('that is another than the collector has widens nothing', () => {
    const ahead = { rules: toAll, afterMs: 30 * DAY_MS };
    expect(decided(saidTwice('promote'), ahead)).toEqual(wait('clock'));
  });
});

const anyAnswer: fc.Arbitrary<CanaryAnswer> = fc.record({
  devices: fc.record({ canary: fc.nat(2), control: fc.nat(2) }),
  verdict: fc.constantFrom('roll-back', 'promote', 'hold', 'none'),
  because: fc.array(fc.string(), { maxLength: 2 }),
  mayStep: fc.boolean(),
  undone: fc.record({ n: fc.nat(100), of: fc.nat(100) }),
  revision: fc.option(fc.integer({ min: 6, max: 8 })),
  written: fc.option(
    fc.record({
      verdict: fc.constantFrom('roll-back', 'promote', 'step', 'hold', 'none', 'over'),
      revision: fc.option(fc.integer({ min: 6, max: 8 })),
      atMs: fc.nat(),
    }),
    { nil: undefined },
  ),
  lookedMs: fc.option(fc.integer({ min: OFFERED_MS, max: OFFERED_MS + 3 * DAY_MS })),
  nowMs: fc.integer({ min: OFFERED_MS, max: OFFERED_MS + 3 * DAY_MS }),
});
const anyQuestion = fc.record({
  answer: fc.option(anyAnswer, { nil: undefined }),
  canary: fc
    .record({
      percent: fc.constantFrom(0.5, 1, 5, 25, 50, 75, 100),
      offeredMs: fc.array(fc.integer({ min: OFFERED_MS - DAY_MS, max: OFFERED_MS + DAY_MS }), {
        maxLength: 3,
      }),
      hasFallback: fc.boolean(),
    })
    .map((offered): CanaryOnOffer => ({ ...canary, ...offered })),
  rules: fc.record({
    steps: fc.subarray([1, 5, 25, 75]),
    stable: fc.boolean(),
    noAnswer: fc.constantFrom('revoke' as const, 'hold' as const),
  }),
  nowMs: fc.integer({ min: OFFERED_MS - DAY_MS, max: OFFERED_MS + 4 * DAY_MS }),
});

describe('over random answers', () => {
  type Question = typeof anyQuestion extends fc.Arbitrary<infer Value> ? Value : never;
  const check = (property: (question: Question) => void) =>
    fc.assert(fc.property(anyQuestion, property), { numRuns: 1_000 });

  test('nothing is widened that was not asked for by name, and never narrower', () => {
    check(({ canary, answer, rules, nowMs }) => {
      const decision = decide(canary, answer, rules, { revision: REVISION, nowMs });
      if (decision.act !== 'promote') return;
      if (decision.to === 'stable') expect(rules.stable).toBe(true);
      else {
        expect(rules.steps).toContain(decision.to);
        expect(decision.to).toBeGreaterThan(canary.percent);
      }
    });
  });

  test('no act follows on a verdict that was not seen twice for the present facts', () => {
    check(({ canary, answer, rules, nowMs }) => {
      const decision = decide(canary, answer, rules, { revision: REVISION, nowMs });
      if (decision.because === 'good') {
        expect(answer).toMatchObject({ revision: REVISION, written: { revision: REVISION } });
        expect(['promote', 'step']).toContain(answer?.written?.verdict);
      }
      if (decision.act !== 'wait' && decision.because === 'worse') {
        expect(answer).toMatchObject({ revision: REVISION, verdict: 'roll-back' });
        const { n, of } = answer?.undone ?? { n: 0, of: 0 };
        if (n <= of / 10) {
          expect(answer?.written).toMatchObject({ verdict: 'roll-back', revision: REVISION });
        }
      }
    });
  });

  test('nothing is widened before it had its share for a day', () => {
    check(({ canary, answer, rules, nowMs }) => {
      const decision = decide(canary, answer, rules, { revision: REVISION, nowMs });
      if (decision.act === 'promote') {
        expect(nowMs - (canary.offeredMs.at(-1) ?? Infinity)).toBeGreaterThanOrEqual(DAY_MS);
      }
    });
  });

  test('a widened canary waits for its next day, so deciding twice changes nothing', () => {
    check(({ canary, answer, rules, nowMs }) => {
      const asked = { revision: REVISION, nowMs };
      const decision = decide(canary, answer, rules, asked);
      expect(decide(canary, answer, rules, asked)).toEqual(decision);
      if (decision.act !== 'promote' || decision.to === 'stable') return;
      const offeredMs = [...canary.offeredMs, nowMs];
      const after = { ...canary, percent: decision.to, offeredMs };
      const again = { ...asked, revision: REVISION + 1 };
      expect(decide(after, answer, rules, again).act).not.toBe('promote');
    });
  });
});
