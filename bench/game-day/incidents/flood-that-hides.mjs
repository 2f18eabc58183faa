import { takeBack } from '../act.mjs';
import { flood } from '../flood.mjs';
import { untilNobodyHasIt } from '../plays.mjs';
import { HOUR_MS, passUntil, passWindows, release } from '../stage.mjs';
import { SHIPPED } from '../versions.mjs';

const FIRST_PERCENT = 10;
const WIDEST_PERCENT = 25;
/** Each share is kept for a day, and an act waits for two looks. */
const OF_A_SHARE = { hours: 36, apartMs: 4 * HOUR_MS };

/**
 * Invented reports hide that a version is worse. At worst it is widened as far as autopilot was asked to by `--steps`; it
 * does not reach all devices without `--stable`.
 */
export const floodThatHides = {
  name: 'flood-that-hides',
  title: 'a flood of invented reports that hides a version which is worse',
  people: 'answers came late for a tenth of all devices, then for a quarter, until somebody looked',
  cause:
    'A step of pre-processing made each picture large, and somebody sent reports of quick runs.',
  action: 'set a site token and a limit for each address at the collector',
  change: 'slow',
  steps: [FIRST_PERCENT, WIDEST_PERCENT],
  trouble: (_device, version) => (version === SHIPPED ? { slower: 3 } : {}),
  async play(stage, packed) {
    const { repository, timeline } = stage;
    await passWindows(stage, 2);
    stage.forge = flood('hide');
    await release(stage, packed, { percent: FIRST_PERCENT });
    const isWidened = () => stage.acts.some(({ act }) => act === 'promote');
    const hasHidden = await passUntil(stage, isWidened, OF_A_SHARE);
    stage.check('the flood hides it, and autopilot widens it', hasHidden, stage.rollout);
    const isBack = () => timeline.has('taken back');
    await passUntil(stage, isBack, OF_A_SHARE);
    const percent = await repository.percent();
    const what = `without \`--stable\` it goes no further than the ${WIDEST_PERCENT} % that were asked for`;
    stage.check(what, percent <= WIDEST_PERCENT, percent);
    if (!isBack()) await takeBack(stage);
    await untilNobodyHasIt(stage);
  },
};
