import { expect, test } from 'vitest';
import { formatMoment } from '../../dashboard/words/format.js';
import {
  knownWords,
  lastVerdict,
  measureWords,
  plansWords,
  ranWords,
  reasonWords,
  standingOf,
  timeNeeded,
  verdictWords,
} from '../../dashboard/words/rollouts.js';

import type { FleetCanary, GuardrailFigures, RolloutFigures } from '../fleet/canary.js';

const FEWEST: Pick<FleetCanary, 'minDevices' | 'minCohorts'> = { minDevices: 50, minCohorts: 48 };

function measure(
  name: string,
  [value, low, high]: readonly (number | null)[],
  more: Partial<GuardrailFigures> = {},
): GuardrailFigures {
  const common = { n: 1000, devices: 300, method: 'trimmed-difference', estimated: false } as const;
  return {
    name,
    margin: 0.005,
    n: { canary: 500, control: 500 },
    canary: 0.059,
    control: 0.0045,
    difference: { value: value ?? null, low: low ?? null, high: high ?? null, ...common },
    better: null,
    cohorts: 57,
    isJudged: true,
    ...more,
  };
}

const WORSE = measure('failed-runs', [0.0685, 0.0144, 0.1139]);
const WITHIN = measure('failed-starts', [-0.001, -0.003, 0.002]);
const UNSURE = measure('slow-runs', [0.001, -0.069, 0.32], { margin: 0.02 });
const ALONE = measure('outcome-bought', [0.3, 0.2, 0.4], { isJudged: false });
const FEW = measure('unsure-runs', [null], { cohorts: 31 });

function rolloutOf(verdict: RolloutFigures['verdict'], control = 203): RolloutFigures {
  return {
    version: '1.1.0',
    experiment: '0f0f0f0f',
    sinceMs: 0,
    isOver: false,
    share: 0.05,
    offeredMs: [],
    ranAs: { canary: [], control: [] },
    mayStep: false,
    undone: { n: 0, of: 0 },
    devices: { canary: 169, control },
    guardrails: [WORSE, WITHIN, UNSURE, ALONE, FEW],
    parts: [],
    verdict,
  };
}

function words(verdict: RolloutFigures['verdict'], control?: number): string {
  return verdictWords(rolloutOf(verdict, control), FEWEST);
}

test('each measure stands to its margin, with the exact figures', () => {
  const all = [WORSE, WITHIN, UNSURE, ALONE, FEW];
  expect(all.map(standingOf)).toEqual(['worse', 'within', 'unsure', 'alone', 'unsure']);
  expect(all.map((one) => measureWords(one, FEWEST).join(': '))).toEqual([
    'worse than tolerated: +6.9 points (1.4 to 11.4, tolerated 0.5)',
    'within what is tolerated: −0.10 points (−0.30 to 0.20, tolerated 0.5)',
    'not sure yet: +0.10 points (−6.9 to 32.0, tolerated 2)',
    'shown alone: +30.0 points (20.0 to 40.0, tolerated 0.5)',
    'not compared: too few devices (31 of 64 groups on both sides, 48 needed)',
  ]);
});

test('a verdict says what to do, and why', () => {
  expect(words({ verdict: 'roll-back', because: ['failed-runs', 'slow-runs'] })).toBe(
    'Roll it back. Worse than tolerated: failed runs +6.9 points (1.4 to 11.4, tolerated 0.5), slow runs.',
  );
  expect(words({ verdict: 'promote' })).toBe('Promote it: no measure is worse than tolerated.');
  expect(words({ verdict: 'none', because: 'no-control' }, 0)).toContain(
    'no device of the control',
  );
  expect(words({ verdict: 'none', because: 'too-few-devices' }, 9)).toBe(
    'No verdict: 9 devices of the control have reported, 50 are needed.',
  );
});

test('an outcome says which side is better, once that is sure', () => {
  const more = measure('outcome-bought', [-0.03, -0.05, -0.01], {
    isJudged: false,
    better: 'canary',
  });
  const less = measure('outcome-bought', [0.03, 0.01, 0.05], {
    isJudged: false,
    better: 'control',
  });
  expect([more, less].map((one) => measureWords(one, FEWEST)[0])).toEqual([
    'better than the control',
    'the control is better',
  ]);
});

test('a rollout says which versions served on its sides, and how many updates to it devices undid', () => {
  const rollout = {
    ...rolloutOf({ verdict: 'promote' }),
    ranAs: {
      canary: [
        { version: '1.1.0', runs: 750 },
        { version: '1.0.0', runs: 250 },
      ],
      control: [{ version: '1.0.0', runs: 900 }],
    },
    undone: { n: 3, of: 1040 },
  };
  expect(ranWords(rollout)).toBe(
    'The canary ran 75.0% on 1.1.0 and 25.0% on 1.0.0, the control ran all on 1.0.0. Devices undid 3 of 1,040 updates by themselves.',
  );
  expect(ranWords(rolloutOf({ verdict: 'promote' }))).toBe('');
});

test('before a version is offered, each share has the time that a verdict would need', () => {
  const plans = [
    { share: 0.01, hours: null },
    { share: 0.05, hours: 70 },
    { share: 0.25, hours: 13.2 },
  ];
  expect(plansWords({ plans } as never)).toBe(
    'At the last week’s rate a verdict on a version that is no worse takes about 3 days at 5% of devices, 14 hours at 25%.',
  );
  const inADay = [...plans, { share: 0.5, hours: 13.2 }];
  expect(plansWords({ plans: inADay } as never)).toMatch(
    / 3 days at 5% of devices, 14 hours at 25% and more\.$/,
  );
  expect(plansWords({ plans: plans.slice(0, 1) } as never)).toBe('');
});

test('a rollout is held for so many hours or days more, or says what it lacks', () => {
  const held = (times: number | null, hours: number | null, ...because: string[]) =>
    words({ verdict: 'hold', because, times, hours });
  expect(held(2.2, 70.4, 'slow-runs')).toBe(
    'Hold: not sure yet of slow runs; about 3 days more at the rate so far.',
  );
  expect(held(1.1, 0.3, 'slow-runs')).toContain('about 2 hours more');
  expect(held(4391, null, 'failed-runs', 'failed-starts', 'slow-runs')).toBe(
    'Hold: not sure yet of 3 measures; over a year more at the rate so far.',
  );
  expect(held(null, null, 'slow-runs', 'unsure-runs')).toBe(
    'Hold: too few devices (31 of 64 groups on both sides, 48 needed) for unsure runs.',
  );
  // a roll-back waits for none of these
  expect(held(3, 9, 'slow-runs', 'unsure-runs')).toContain('about 9 hours more');
  expect(held(1, 7, 'one-day')).toBe(
    'Hold: it has not been out for a whole day; about 7 hours more at the rate so far.',
  );
});

test('what holds a rollout as a whole is told in words', () => {
  const reason = (because: string, canary = 169) =>
    reasonWords(
      {
        ...rolloutOf({ verdict: 'hold', because: [because], times: null, hours: null }),
        devices: { canary, control: 203 },
      },
      FEWEST,
    );
  expect(reason('unknown-version')).toBe('the collector’s facts do not name this version');
  expect(reason('old-facts')).toBe('the collector’s facts are older than this canary');
  expect(reason('few-cohorts')).toBe('fewer than 48 of 64 groups of devices are on both sides');
  expect(reason('not-run')).toBe('too few devices of the canary have run it');
  expect(reason('few-canary-devices', 9)).toBe(
    '9 devices of the canary have reported, 50 are needed',
  );
  expect(reason('missing-devices')).toBe('not sure yet of missing devices');
});

test('a hold that is surely not much worse may go to more devices', () => {
  const hold = rolloutOf({ verdict: 'hold', because: ['slow-runs'], times: 2, hours: 70 });
  expect(verdictWords({ ...hold, mayStep: true }, FEWEST)).toMatch(
    /^It may go to more devices, but not to all: not sure yet of slow runs; about 3 days more/,
  );
  expect(timeNeeded(hold)).toBe('about 3 days');
  expect(timeNeeded({ ...hold, isOver: true })).toBe('');
});

test('since when a verdict holds is the time that was written down', () => {
  const atMs = Date.UTC(2026, 2, 9, 4, 10);
  const entry = { version: '1.1.0', experiment: '0f0f0f0f', revision: null, figures: {} };
  const written = [
    { ...entry, atMs: 0, verdict: 'hold' },
    { ...entry, atMs, verdict: 'roll-back' },
    { ...entry, experiment: 'another', atMs: atMs + 1, verdict: 'promote' },
    { ...entry, atMs: atMs + 2, verdict: 'over' },
  ];
  const rollout = rolloutOf({ verdict: 'roll-back', because: [] });
  const last = lastVerdict({ verdicts: written } as never, rollout);
  expect(knownWords(rollout, last)).toBe(`The verdict is of ${formatMoment(atMs)}.`);
  expect(knownWords(rolloutOf({ verdict: 'promote' }), last)).toBe('');
  expect(knownWords(rollout, undefined)).toBe('');
  const step = [{ ...entry, atMs, verdict: 'step' }];
  const hold = rolloutOf({ verdict: 'hold', because: [], times: null, hours: null });
  const lastStep = lastVerdict({ verdicts: step } as never, hold);
  expect(knownWords({ ...hold, mayStep: true }, lastStep)).toContain(formatMoment(atMs));
  expect(knownWords(hold, lastStep)).toBe('');
});
