import { expect, test } from 'vitest';
import { compare, countCells } from './compare.mjs';

const ACCEPT = { accepted: true, reason: '' };
const REJECT = { accepted: false, reason: 'because' };

function judged({ ours = REJECT, theirs = REJECT, earlier = [ACCEPT] } = {}) {
  return { ours, earlier, theirs: { other: theirs }, notVisible: {} };
}

const attack = { name: 'an attack', expected: 'reject' as const };

test('tools that say what is expected pass', () => {
  expect(countCells([compare('group', attack, judged())])).toEqual({ passed: 2, failed: 0 });
});

test('a tool that says otherwise fails, whoever it is', () => {
  expect(countCells([compare('group', attack, judged({ theirs: ACCEPT }))]).failed).toBe(1);
  expect(countCells([compare('group', attack, judged({ ours: ACCEPT }))]).failed).toBe(1);
});

test('a listed exception lets a tool say otherwise, and fails once it does not', () => {
  const excused = { ...attack, exceptions: { other: 'a known reason' } };
  const { cells } = compare('group', excused, judged({ theirs: ACCEPT }));
  expect(cells.other).toMatchObject({ ok: true, exception: 'a known reason' });
  expect(compare('group', excused, judged()).cells.other).toMatchObject({ ok: false });
});

test('a visit before the one that counts has to go as the case means it to', () => {
  const { cells } = compare('group', attack, judged({ earlier: [REJECT] }));
  expect(cells.nearside).toMatchObject({ ok: false, failure: expect.stringContaining('because') });
});
