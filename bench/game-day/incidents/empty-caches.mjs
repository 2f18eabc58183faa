import { shipWhatIsNoWorse } from '../plays.mjs';

/** Whoever gets the version loads all of it, and waits for it once. That is no fault of the version. */
export const emptyCaches = {
  name: 'empty-caches',
  title: 'a canary whose devices all have empty caches',
  people: 'the first visit took as long as a first visit does',
  cause: 'All that devices had stored was gone when the version came.',
  action: 'nothing: a first visit is compared with nothing',
  change: 'nothing',
  trouble: (device) => ({ hasEmptyCache: device.isNew }),
  play: shipWhatIsNoWorse,
};
