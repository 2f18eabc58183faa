import fc from 'fast-check';
import { expect, test } from 'vitest';
import { shownParts } from './shown-parts.js';

const devicesOf = (parts: readonly number[]) => parts.reduce((sum, n) => sum + n, 0);

test('what is hidden has as many devices together as the floor asks for, or all of it is hidden', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 120 }), { maxLength: 8 }),
      fc.integer({ min: 1, max: 60 }),
      (parts, minDevices) => {
        const shown = shownParts(parts, { devicesOf, minDevices });
        const hidden = devicesOf(parts) - devicesOf(shown);
        expect(shown.every((n) => n >= minDevices)).toBe(true);
        if (hidden > 0 && shown.length > 0) expect(hidden).toBeGreaterThanOrEqual(minDevices);
        if (minDevices === 1) expect(shown).toHaveLength(parts.length);
      },
    ),
  );
});

test('the smallest part is hidden with one that is too small; no more than needed', () => {
  const shown = shownParts([300, 7, 90, 60], { devicesOf, minDevices: 50 });
  expect(shown).toEqual([300, 90]);
});

test('a part without a name is never shown, and a large one hides no other', () => {
  const isNamed = (n: number) => n !== 70;
  expect(shownParts([300, 70, 90], { devicesOf, isNamed, minDevices: 50 })).toEqual([300, 90]);
  const small = (n: number) => n !== 2;
  expect(shownParts([300, 2, 90], { devicesOf, isNamed: small, minDevices: 50 })).toEqual([300]);
});
