import { expect, test } from 'vitest';
import { Unanswered } from '../../dashboard/asking/ask.js';
import { timelineOf } from '../../dashboard/words/timeline.js';

const HOUR_MS = 3_600_000;
const hour = (n: number) => 1_772_409_600_000 + n * HOUR_MS;

test('releases, verdicts, drift and silence are told in order of time', () => {
  const told = timelineOf({
    releases: {
      events: [
        { atMs: hour(0), version: '1.1.0', state: 'canary', rollout: { fromBps: 0, toBps: 500 } },
        { atMs: hour(9), version: '1.1.0', state: 'revoked', rollout: null },
        { atMs: hour(10), version: '1.2.0', state: 'stable', rollout: null },
        { atMs: hour(11), version: '9.0.0', state: 'seen', rollout: null },
      ],
    },
    canary: {
      rollouts: [
        {
          version: '1.1.0',
          history: [
            { atMs: hour(2), verdict: 'hold' },
            { atMs: hour(4), verdict: 'roll-back' },
            { atMs: hour(6), verdict: 'roll-back' },
          ],
        },
      ],
    },
    drift: {
      versions: [
        {
          version: '1.0.0',
          windowMs: HOUR_MS,
          distributions: [
            {
              name: 'confidence',
              windows: [4, 5, 6, 7].map((n) => ({ atMs: hour(n), isAlarm: n >= 6 })),
              // phones were first, and nobody is told twice
              parts: [{ dimension: 'device', value: 'phone', atMs: [3, 6, 7].map(hour) }],
            },
          ],
        },
      ],
    },
    silence: { hours: [1, 2, 3].map((n) => ({ atMs: hour(n), isSilent: n < 3 })) },
  } as never);
  expect(told.map(({ kind, fromMs, toMs, text }) => [kind, fromMs, toMs, text])).toEqual([
    ['rollout', hour(0), null, '1.1.0 goes to 5.0% of devices'],
    ['silence', hour(1), hour(3), 'far fewer devices report than usual'],
    ['alarm', hour(2), hour(4), 'what 1.0.0 sees or says on phone has changed: confidence'],
    ['verdict', hour(4), null, '1.1.0: roll it back'],
    // of two windows running: it began with the first
    ['alarm', hour(5), hour(8), 'what 1.0.0 sees or says has changed: confidence'],
    ['release', hour(9), null, '1.1.0 is taken back'],
    ['release', hour(10), null, '1.2.0 goes to all devices'],
    ['release', hour(11), null, '9.0.0 reports for the first time'],
  ]);
});

test('what is not answered, or was refused, is left out', () => {
  expect(timelineOf({})).toEqual([]);
  expect(timelineOf({ drift: new Unanswered('too long') })).toEqual([]);
});
