import { onOffer } from '@nearside/artifact';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FACTS } from '../testing/fleet-store.js';
import { signedRollouts } from './signed-rollout.js';

const state = fc.constantFrom('canary', 'stable', 'revoked', 'shadow');
const salt = fc.constantFrom('a', 'b', undefined);
const shareOf = (salt: string | undefined) => salt && { salt, fromBps: 0, toBps: 500 };

test('a canary is over here when devices take it no more: taken back, behind a version for all, or behind a canary of another salt. A shadow is none', () => {
  const [sample] = FACTS.versions;
  fc.assert(
    fc.property(fc.array(fc.record({ state, salt }), { maxLength: 5 }), (drawn) => {
      const releases = drawn.map(({ state, salt }, i) => ({
        ...sample,
        version: `1.${i}.0`,
        sequence: i + 1,
        state,
        rollout: shareOf(state === 'shadow' ? (salt ?? 'c') : salt),
      }));
      const facts = { model: 'digits', versions: releases } as typeof FACTS;
      const offered = onOffer(releases.toReversed() as never).filter(({ rollout }) => rollout);
      const running = signedRollouts([], { facts, journal: [], toMs: 0 }).filter(
        ({ isOver }) => !isOver,
      );
      const names = (list: readonly { readonly version: string }[]) =>
        list.map(({ version }) => version).sort();
      expect(names(running)).toEqual(names(offered));
    }),
  );
});

test('a past range is seen as things stood then: a version that came later ends no canary in it', () => {
  const [canary] = FACTS.versions;
  if (!canary) throw new Error('expected a canary');
  const { rollout: _, ...forAll } = { ...canary, version: '1.2.0', sequence: 9 };
  const newer = {
    ...canary,
    version: '1.2.0',
    sequence: 9,
    rollout: { salt: 'b', fromBps: 0, toBps: 500 },
  };
  const began = {
    atMs: 1,
    version: '1.1.0',
    state: 'canary',
    rollout: { fromBps: 0, toBps: 500 },
  } as const;
  for (const later of [forAll, newer]) {
    const { state, rollout = null } = { rollout: null, ...later };
    const facts = { ...FACTS, versions: [...FACTS.versions, later] };
    const journal = [began, { atMs: 8, version: '1.2.0', state, rollout }];
    const overAt = (toMs: number) =>
      signedRollouts([], { facts, journal, toMs }).find(({ version }) => version === '1.1.0')
        ?.isOver;
    expect([overAt(5), overAt(9)]).toEqual([false, true]);
  }
});
