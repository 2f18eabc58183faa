import { onOffer } from '@nearside/artifact';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FACTS } from '../testing/fleet-store.js';
import { signedRollouts } from './signed-rollout.js';

const state = fc.constantFrom('canary', 'stable', 'revoked');
const salt = fc.constantFrom('a', 'b', undefined);

test('a canary is over here when devices take it no more: taken back, behind a version for all, or behind a canary of another salt', () => {
  const [sample] = FACTS.versions;
  fc.assert(
    fc.property(fc.array(fc.record({ state, salt }), { maxLength: 5 }), (drawn) => {
      const releases = drawn.map(({ state, salt }, i) => ({
        ...sample,
        version: `1.${i}.0`,
        sequence: i + 1,
        state,
        rollout: salt === undefined ? undefined : { salt, fromBps: 0, toBps: 500 },
      }));
      const facts = { model: 'digits', versions: releases } as typeof FACTS;
      const offered = onOffer(releases.toReversed() as never).filter(({ rollout }) => rollout);
      const running = signedRollouts([], { facts, journal: [] }).filter(({ isOver }) => !isOver);
      const names = (list: readonly { readonly version: string }[]) =>
        list.map(({ version }) => version).sort();
      expect(names(running)).toEqual(names(offered));
    }),
  );
});
