import fc from 'fast-check';
import { expect, test } from 'vitest';
import { VERDICT } from '../fleet/findings.js';
import type { FindingEntry } from '../store/rollup-store.js';
import {
  compareLooks,
  keyOf,
  type Look,
  type Observation,
  type Unconfirmed,
} from './compare-looks.js';

const MINUTE_MS = 60_000;

/** How a look found the only subject. Undefined where its question failed. */
type Sight = string | undefined;

/** Looks one after the other, and returns what was written down. */
function written(
  looks: readonly {
    readonly sights: readonly Sight[];
    readonly atMs: number;
    readonly revision?: number;
  }[],
  { kind = 'drift', isRestarted = () => false as boolean } = {},
): FindingEntry[] {
  const log: FindingEntry[] = [];
  let unconfirmed: Unconfirmed = new Map();
  for (const [i, { sights, atMs, revision = 1 }] of looks.entries()) {
    if (isRestarted()) unconfirmed = new Map();
    const look: Look = {
      atMs,
      revision,
      observed: sights.flatMap((state, k) =>
        state === undefined || state === 'none' ? [] : [observation(kind, String(k), state, i)],
      ),
      isKnown: () => !sights.includes(undefined),
    };
    const compared = compareLooks(unconfirmed, look, lastOf(log));
    unconfirmed = compared.unconfirmed;
    log.push(...compared.entries.map((entry, k) => ({ ...entry, n: log.length + k + 1 })));
  }
  return log;
}

function observation(kind: string, subject: string, state: string, i: number): Observation {
  return { model: 'digits', version: '1.1.0', kind, subject, state, figures: { i } };
}

function lastOf(log: readonly FindingEntry[]): FindingEntry[] {
  return [...new Map(log.map((entry) => [keyOf(entry), entry])).values()];
}

/** One subject, looked at every five minutes. */
function states(sights: readonly Sight[], kind?: string) {
  const looks = sights.map((sight, i) => ({ sights: [sight], atMs: i * 5 * MINUTE_MS }));
  return written(looks, { kind }).map(({ state, atMs }) => [state, atMs / (5 * MINUTE_MS)]);
}

const ON = 'began';
const OFF = 'none';

test('a finding begins and ends when two looks in a row agree, and a blink writes nothing', () => {
  expect(states([ON, OFF, ON, OFF])).toEqual([]);
  expect(states([ON, ON, ON, ON])).toEqual([[ON, 1]]);
  expect(states([ON, ON, OFF, ON, OFF, OFF, OFF])).toEqual([
    [ON, 1],
    ['ended', 5],
  ]);
});

test('a look that knows nothing ends nothing and begins nothing', () => {
  const failed = undefined;
  expect(states([ON, ON, failed, failed, failed])).toEqual([[ON, 1]]);
  expect(states([ON, ON, OFF, failed, OFF])).toEqual([
    [ON, 1],
    ['ended', 4],
  ]);
  expect(states([ON, ON, OFF, failed, ON, ON])).toEqual([[ON, 1]]);
});

test('a verdict is written down when it changes, and when its rollout is over', () => {
  const seen = ['none', 'none', 'hold', 'hold', 'hold', 'roll-back', 'hold', 'roll-back'];
  expect(states([...seen, 'roll-back', 'none', 'none'], VERDICT)).toEqual([
    ['hold', 3],
    ['roll-back', 8],
    ['over', 10],
  ]);
});

test('a verdict is written down anew by the second look that judges it by other facts; a finding is not, nor that a rollout is over', () => {
  const of = (kind: string, sights: readonly Sight[], revisions: readonly number[]) =>
    written(
      sights.map((sight, i) => ({ sights: [sight], atMs: i, revision: revisions[i] ?? 1 })),
      { kind },
    ).map(({ state, revision, atMs }) => [state, revision, atMs]);
  const held = ['hold', 'hold', 'hold', 'hold', 'hold', 'hold'];
  expect(of(VERDICT, held, [1, 1, 2, 3, 3, 3])).toEqual([
    ['hold', 1, 1],
    ['hold', 3, 4],
  ]);
  // seen once by each of two, it is confirmed by none
  expect(of(VERDICT, ['hold', 'hold', 'roll-back', 'roll-back'], [1, 1, 1, 2])).toEqual([
    ['hold', 1, 1],
  ]);
  expect(of(VERDICT, ['hold', 'hold', OFF, OFF, OFF, OFF], [1, 1, 2, 2, 3, 4])).toEqual([
    ['hold', 1, 1],
    ['over', 2, 3],
  ]);
  expect(of('drift', [ON, ON, ON, ON], [1, 1, 2, 2])).toEqual([[ON, 1, 1]]);
});

test('the figures of a beginning are those of the look that wrote it, with its revision', () => {
  const looks = [ON, ON, OFF, OFF].map((sight, i) => ({ sights: [sight], atMs: i, revision: i }));
  expect(written(looks)).toMatchObject([
    { state: 'began', revision: 1, figures: { i: 1 } },
    { state: 'ended', revision: 3, figures: null },
  ]);
});

const sightArb = fc.constantFrom(ON, OFF, undefined);
const looksArb = fc.array(
  fc.record({ sights: fc.tuple(sightArb, sightArb), atMs: fc.integer({ min: 0, max: 1e6 }) }),
  { maxLength: 40 },
);

test('of each subject beginnings and ends take turns, and its times never go back, whatever looks and clocks say', () => {
  fc.assert(
    fc.property(looksArb, fc.infiniteStream(fc.boolean()), (looks, restarts) => {
      const log = written(looks, { isRestarted: () => restarts.next().value });
      for (const subject of ['0', '1']) {
        const own = log.filter((entry) => entry.subject === subject);
        for (const [i, entry] of own.entries()) {
          expect(entry.state).toBe(i % 2 === 0 ? 'began' : 'ended');
          expect(entry.atMs).toBeGreaterThanOrEqual(own[i - 1]?.atMs ?? 0);
        }
      }
    }),
  );
});

test('each state that two looks in a row have seen is written down by then, and no other', () => {
  fc.assert(
    fc.property(fc.array(sightArb, { maxLength: 40 }), (sights) => {
      const known = sights.filter((sight) => sight !== undefined);
      const expected: string[] = [];
      for (const [i, sight] of known.entries()) {
        const state = sight === ON ? 'began' : 'ended';
        if (i > 0 && known[i - 1] === sight && (expected.at(-1) ?? 'ended') !== state) {
          expected.push(state);
        }
      }
      expect(states(sights).map(([state]) => state)).toEqual(expected);
    }),
  );
});
