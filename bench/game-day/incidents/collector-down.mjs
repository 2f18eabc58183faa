import { untilTakenBack } from '../plays.mjs';
import { passWindows, release } from '../stage.mjs';
import { SHIPPED } from '../versions.mjs';

const HOUR_WINDOWS = 12;

/** Nobody hears of a version that is worse. Devices keep their reports, and who acts holds until there is an answer. */
export const collectorDown = {
  name: 'collector-down',
  title: 'a collector that is down while a version is worse',
  people: 'answers came late for an hour longer',
  cause:
    'A step of pre-processing made each picture large, and the collector was down for an hour.',
  action: 'run a second collector on the same database',
  toldBy: ['slow-runs'],
  change: 'slow',
  trouble: (_device, version) => (version === SHIPPED ? { slower: 3 } : {}),
  async play(stage, packed) {
    await passWindows(stage, 2);
    await release(stage, packed);
    await stage.collector.stop();
    await passWindows(stage, HOUR_WINDOWS);
    stage.check('nobody acts without an answer', !stage.timeline.has('taken back'));
    await stage.collector.startAgain();
    await untilTakenBack(stage);
  },
};
