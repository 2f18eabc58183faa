import { NearsideError } from '@nearside/core';
import { describe, expect, test } from 'vitest';
import { type Comparing, rightOrWrong } from '../comparing/comparing.js';
import { corruptItems } from '../corrupting/corrupt-items.js';
import type { EvaluationItem } from '../items/evaluation-item.js';
import { askOriginal } from './ask-original.js';
import { runPaired } from './paired-run.js';

/** Answers that are right where they are what is expected. */
const comparing: Comparing = {
  ...rightOrWrong((answer, expected) => answer === expected),
  answerOf: (output) => output,
  parseExpected: (value) => value,
  asExpected: (answer, given) => given ?? answer,
  labelOf: (expected) => (expected === 'right' ? undefined : (expected as string)),
  measure: (answered) => ({ items: answered.length }),
};

interface Asked {
  readonly slice?: string;
  readonly isLost?: boolean;
  /** The original gets it wrong, too. */
  readonly isWrong?: boolean;
  readonly isKnown?: boolean;
  readonly label?: string;
}

/** Asks a candidate that gets some items wrong, which its original gets right. */
async function run(given: readonly Asked[], maxLoss = 0.02) {
  const items = given.map(({ slice, label = 'right', isKnown = true }, i): EvaluationItem => {
    const own = {
      name: `${i}`,
      sha256: '',
      readInput: async () => i,
      expected: isKnown ? label : undefined,
    };
    return slice === undefined ? own : { ...own, slice };
  });
  const at = (name: string) => given[Number(name)] ?? {};
  let asked = 0;
  const result = await runPaired(items, {
    comparing,
    maxLoss,
    original: {
      ask: async ({ name }) => (at(name).isWrong ? 'off' : (at(name).label ?? 'right')),
      scales: [1],
    },
    ask: async ({ name }) => (at(name).isLost ? 'wrong' : (at(name).label ?? 'right')),
    onItem: () => {
      asked += 1;
    },
  });
  return { ...result, asked };
}

const many = (count: number, item: Asked = {}): Asked[] =>
  Array.from({ length: count }, () => item);

describe('a candidate', () => {
  test('that loses nothing passes, and the last items are not asked', async () => {
    const { verdict, asked, items } = await run(many(400));
    expect(verdict).toBe('passed');
    expect(asked).toBe(items);
    expect(asked).toBeGreaterThan(380);
    expect(asked).toBeLessThan(400);
  });

  test('that surely loses too much is refused before half of the items were asked', async () => {
    const { verdict, asked, lostItems } = await run(many(200, { isLost: true }));
    expect(verdict).toBe('refused');
    expect(asked).toBeLessThan(40);
    expect(lostItems).toHaveLength(asked);
  });

  test('passes where its original gets 180 of 300 right, and nothing passes where it gets fewer than half', async () => {
    const wrong = (count: number) => many(count, { isWrong: true, isLost: true });
    expect(await run([...many(180), ...wrong(120)])).toMatchObject({ verdict: 'passed' });
    const { verdict, saysNothing, itemsToDecide } = await run([...many(100), ...wrong(200)]);
    expect({ verdict, saysNothing, itemsToDecide }).toEqual({
      verdict: 'undecided',
      saysNothing: true,
      itemsToDecide: undefined,
    });
    const lost = await run([...many(100, { isLost: true }), ...wrong(200)]);
    expect(lost.verdict).toBe('refused');
  });

  test('that is not refused in a slice yet where another is has no verdict there', async () => {
    const night = many(60, { slice: 'night', isLost: true });
    const day = [...many(4, { slice: 'day', isLost: true }), ...many(396, { slice: 'day' })];
    const { slices } = await run([...day.slice(0, 8), ...night, ...day.slice(8)]);
    expect(slices.night?.verdict).toBe('refused');
    expect(slices.day).toMatchObject({ items: 8, lost: 4, verdict: 'undecided' });
    expect(slices.day?.itemsToDecide).toBeUndefined();
  });

  test('that stays undecided is asked every item, because that tells how many would decide', async () => {
    const { verdict, asked } = await run(many(60));
    expect({ verdict, asked }).toEqual({ verdict: 'undecided', asked: 60 });
  });

  test('whose loss is in one slice alone is refused there', async () => {
    const items = [...many(990), ...many(10, { slice: 'night', isLost: true })];
    const { verdict, slices } = await run(items);
    expect(verdict).not.toBe('refused');
    expect(slices.night).toMatchObject({ verdict: 'refused', lost: slices.night?.items });
  });

  test('that has lost a rare label is refused there, and one of many labels is not refused by chance', async () => {
    const labelled = (label: string, count: number, isLost = false): Asked[] =>
      many(count, { label, isLost });
    const rare = await run([...labelled('cat', 1400), ...labelled('lynx', 14, true)]);
    expect(rare.labels.lynx?.verdict).toBe('refused');
    const one = (_: unknown, i: number) => labelled(`bird ${i}`, 1, true);
    const birds = Array.from({ length: 14 }, one).flat();
    const { labels } = await run([...labelled('cat', 1400), ...birds]);
    expect(labels['bird 3']?.verdict).toBe('undecided');
    expect(labels['all but cat']?.verdict).toBe('refused');
    const few = [...labelled('lynx', 6, true), ...labelled('lynx', 8)];
    const alone = await run([...few, ...labelled('cat', 400)]);
    expect(alone.labels.lynx?.verdict).toBe('refused');
    const many1000 = Array.from({ length: 1000 }, (_, i) => labelled(`${i}`, 2)).flat();
    expect((await run([...few, ...many1000])).labels.lynx?.verdict).toBe('undecided');
  });

  test('that is lost in one part of its answers is not saved by a smaller gain in another', async () => {
    const parts: Comparing = { ...comparing, errorsOf: (answer) => answer as number[] };
    const items = many(200).map((_, i): EvaluationItem => {
      return { name: `${i}`, sha256: '', readInput: async () => i, expected: 0 };
    });
    const judge = (answer: readonly number[]) =>
      runPaired(items, {
        comparing: parts,
        maxLoss: 0.02,
        original: { ask: async () => [100, 1], scales: [1000, 1] },
        ask: async () => answer,
        onItem: () => {},
      });
    expect(await judge([50, 1.5])).toMatchObject({ verdict: 'refused', gained: 0 });
    expect(await judge([50, 1.04])).toMatchObject({ lost: 0, gained: 200 });
    expect(await judge([50, Number.NaN])).toMatchObject({ verdict: 'refused' });
  });

  test('is held against the answers of its original where no right one is known', async () => {
    const items = [...many(3, { isLost: true, isKnown: false }), ...many(297, { isKnown: false })];
    const { lost, differing, answered } = await run(items);
    expect({ lost, differing, answered }).toEqual({ lost: 3, differing: 3, answered: [] });
  });
});

test('an input that cannot be corrupted is named, and how', async () => {
  const apply = async () => {
    throw new NearsideError('input-invalid', 'expected a sound');
  };
  const items = [{ name: 'a.wav', sha256: '', readInput: async () => 1 }];
  const [item] = corruptItems(items, { name: 'quiet', apply });
  await expect(item?.readInput()).rejects.toThrow('a.wav with quiet: expected a sound');
});

test('items of one right answer are refused, because a variant that gives no other gets all of them right', async () => {
  const items = [1, 2].map((i) => ({ name: `${i}`, sha256: '', readInput: async () => i }));
  const of = {
    name: 'fp32',
    folder: 'items',
    comparing,
    ask: async () => 'right',
    onItem: () => {},
  };
  await expect(askOriginal(items, of)).rejects.toMatchObject({
    code: 'input-invalid',
    message: 'items: expected items whose right answers differ, got one for all.',
  });
});

test.each([
  ['of all items', 10],
  ['beside items without', 30],
])(
  'labels %s that the compared variant mostly gets wrong are refused, before others are asked',
  async (_, length) => {
    const items = Array.from({ length }, (_, i): EvaluationItem => {
      const expected = i < 4 ? 'right' : i < 10 ? 'other' : undefined;
      return { name: `${i}`, sha256: '', readInput: async () => i, expected };
    });
    const of = {
      name: 'fp32',
      folder: 'items',
      ask: async () => 'right',
      comparing,
      onItem: () => {},
    };
    await expect(askOriginal(items, of)).rejects.toMatchObject({
      code: 'input-invalid',
      message: expect.stringContaining("'fp32' gets at least half right, got 4 of 10. Are these"),
    });
  },
);
