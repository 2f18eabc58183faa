import { expect, test } from 'vitest';
import { formatMoment } from '../../dashboard/words/format.js';
import {
  knownWords,
  lastVerdict,
  measureWords,
  overWords,
  standingOf,
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
    takenBack: { n: 0, of: 0 },
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
    'No verdict: 9 devices on one side, 50 are needed on each.',
  );
});

test('a rollout is held for so many hours or days more, or says what it lacks', () => {
  const held = (times: number | null, hours: number | null, ...because: string[]) =>
    words({ verdict: 'hold', because, times, hours });
  expect(held(2.2, 70.4, 'slow-runs')).toBe(
    'Hold: not sure yet of slow runs; about 3 days more at today’s rate.',
  );
  expect(held(1.1, 0.3, 'slow-runs')).toContain('about 2 hours more');
  expect(held(4391, null, 'failed-runs', 'failed-starts', 'slow-runs')).toBe(
    'Hold: not sure yet of 3 measures; more than a year at today’s rate. A larger share of devices would be faster.',
  );
  expect(held(null, null, 'slow-runs')).toContain('how long it takes is not known');
  expect(held(null, null, 'slow-runs', 'unsure-runs')).toBe(
    'Hold: too few devices (31 of 64 groups on both sides, 48 needed) for unsure runs.',
  );
  // a roll-back waits for none of these
  expect(held(3, 9, 'slow-runs', 'unsure-runs')).toContain('about 9 hours more');
  expect(held(null, null, 'unknown-version')).toContain('does not know its signed release');
});

test('since when a verdict holds is the time that was written down, and a rollout that is over keeps its last', () => {
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
  expect(knownWords(rollout, last)).toBe(` The verdict is of ${formatMoment(atMs)}.`);
  expect(knownWords(rolloutOf({ verdict: 'promote' }), last)).toBe('');
  expect(knownWords(rollout, undefined)).toBe('');
  const back = { atMs: atMs + 3, version: '1.1.0', state: 'revoked', rollout: null } as const;
  expect(overWords(rolloutOf({ verdict: 'promote' }), back, last)).toBe(
    `was taken back on ${formatMoment(atMs)}; its last verdict: roll back, of ${formatMoment(atMs)}`,
  );
});
