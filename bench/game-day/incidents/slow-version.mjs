import { shipWhatIsWorse } from '../plays.mjs';
import { SHIPPED } from '../versions.mjs';

/** Runs take three times as long. None fails, and every answer is right. */
export const slowVersion = {
  name: 'slow-version',
  title: 'a version that takes three times as long',
  people: 'answers came late, and all were right',
  cause: 'A step of pre-processing made each picture large before it was made small again.',
  action: 'time each packed version beside the one before it, before it is published',
  toldBy: ['slow-runs'],
  change: 'slow',
  trouble: (_device, version) => (version === SHIPPED ? { slower: 3 } : {}),
  play: shipWhatIsWorse,
};
