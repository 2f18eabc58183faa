import { expect, test } from 'vitest';
import { Unanswered } from '../../dashboard/asking/ask.js';
import { formatMoment } from '../../dashboard/words/format.js';
import { timelineOf } from '../../dashboard/words/timeline.js';

const HOUR_MS = 3_600_000;
const hour = (n: number) => 1_772_409_600_000 + n * HOUR_MS;

test('acts, verdicts and findings with their length are told in order of time', () => {
  const finding = (from: number, to: number | null, id: string, more: object = {}) => ({
    kind: id,
    beganMs: hour(from),
    endedMs: to === null ? null : hour(to),
    figures: { id, ...more },
  });
  const told = timelineOf({
    releases: {
      events: [
        { atMs: hour(0), version: '1.1.0', state: 'canary', rollout: { fromBps: 0, toBps: 500 } },
        { atMs: hour(9), version: '1.1.0', state: 'revoked', rollout: null },
        { atMs: hour(10), version: '1.2.0', state: 'stable', rollout: null },
        { atMs: hour(11), version: '9.0.0', state: 'seen', rollout: null },
      ],
    },
    findings: {
      findings: [
        finding(1, 3, 'silence', { sinceMs: hour(0) }),
        finding(4, 9, 'rollout', { version: '1.1.0', measures: [], devices: 9, beganMs: 0 }),
        finding(5, null, 'drift', { version: '1.0.0', distribution: 'class', sinceMs: hour(3) }),
        // a newer collector may have kinds that this page does not know
        finding(6, null, 'weather'),
      ],
      verdicts: [
        { version: '1.1.0', atMs: hour(2), verdict: 'promote' },
        { version: '1.1.0', atMs: hour(4), verdict: 'roll-back' },
        { version: '1.1.0', atMs: hour(9), verdict: 'over' },
        // the first hold is no news, nor is the same verdict by new facts
        { version: '1.3.0', experiment: 'b', atMs: hour(12), verdict: 'none' },
        { version: '1.3.0', experiment: 'b', atMs: hour(13), verdict: 'hold' },
        { version: '1.3.0', experiment: 'b', atMs: hour(14), verdict: 'step' },
        { version: '1.3.0', experiment: 'b', atMs: hour(15), verdict: 'step' },
        { version: '1.3.0', experiment: 'b', atMs: hour(16), verdict: 'hold' },
      ],
    },
  } as never);
  expect(told.map(({ kind, fromMs, toMs, text }) => [kind, fromMs, toMs, text])).toEqual([
    ['release', hour(0), null, '1.1.0 goes to 5% of devices'],
    [
      'silence',
      hour(1),
      hour(3),
      `far fewer devices of the whole fleet report than usual: the first hour with too few began ${formatMoment(hour(0))}`,
    ],
    ['verdict', hour(2), null, '1.1.0: promote it'],
    ['verdict', hour(4), hour(9), '1.1.0 is worse than its control: roll it back'],
    [
      'finding',
      hour(5),
      Infinity,
      `what 1.0.0 sees or says has changed: class, in reports from ${formatMoment(hour(3))} on`,
    ],
    ['back', hour(9), null, '1.1.0 is taken back'],
    ['release', hour(10), null, '1.2.0 goes to all devices'],
    ['release', hour(11), null, '9.0.0 reports for the first time'],
    ['verdict', hour(14), null, '1.3.0: it may go to more devices'],
    ['verdict', hour(16), null, '1.3.0: hold it'],
  ]);
});

test('what is not answered, or was refused, is left out', () => {
  expect(timelineOf({})).toEqual([]);
  expect(timelineOf({ findings: new Unanswered('too long') })).toEqual([]);
});
