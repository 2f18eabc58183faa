import { describe, expect, test } from 'vitest';
import { bundleAttacks } from '../testing/bundle-attacks.js';
import { stealKeys } from '../testing/forge.js';
import { metadataAttacks } from '../testing/metadata-attacks.js';
import { nameAttacks } from '../testing/name-attacks.js';
import { openScene } from '../testing/scene.js';
import { someOf } from '../testing/some-of.js';

const scene = await openScene();
const stolen = await stealKeys(scene.workspace.keys);

describe.each([
  ['metadata', metadataAttacks(scene, stolen)],
  ['bundles', bundleAttacks(scene, stolen)],
  ['names', nameAttacks(scene, stolen)],
])('forged %s', (_, attacks) => {
  for (const { name, files, first, heals = true } of someOf(attacks)) {
    test(`${name}: a first open ends with ${first}`, async () => {
      expect(await scene.firstOpen(files, { heals })).toBe(first);
    });
  }

  for (const { name, files, first, update = first, heals = true } of someOf(attacks, 2)) {
    const leaves = update === '1.1.0' ? 'is right' : 'leaves 1.0.0 in place';
    test(`${name}: an update ends with ${update} and ${leaves}`, async () => {
      expect(await scene.update(files, { heals })).toBe(update);
    });
  }
});
