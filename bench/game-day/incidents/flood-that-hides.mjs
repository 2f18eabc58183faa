import { takeBack } from '../act.mjs';
import { flood } from '../flood.mjs';
import { untilNobodyHasIt } from '../plays.mjs';
import { passUntil, passWindows, release } from '../stage.mjs';
import { SHIPPED } from '../versions.mjs';

/** Invented reports hide that a version is worse. It stays with those who have it, and reaches nobody else. */
export const floodThatHides = {
  name: 'flood-that-hides',
  title: 'a flood of invented reports that hides a version which is worse',
  people: 'answers came late for a quarter of all devices, until somebody looked',
  cause:
    'A step of pre-processing made each picture large, and somebody sent reports of quick runs.',
  action: 'set a site token and a limit for each address at the collector',
  change: 'slow',
  trouble: (_device, version) => (version === SHIPPED ? { slower: 3 } : {}),
  async play(stage, packed) {
    await passWindows(stage, 2);
    stage.forge = flood('hide');
    await release(stage, packed);
    const isBack = () => stage.timeline.has('taken back');
    await passUntil(stage, isBack, { hours: 2 });
    const percent = await stage.repository.percent();
    stage.check('it goes to nobody else', percent === stage.shipped.percent, percent);
    if (!isBack()) await takeBack(stage);
    await untilNobodyHasIt(stage);
  },
};
