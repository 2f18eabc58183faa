import { flood } from '../flood.mjs';
import { staysOut, untilTakenBack } from '../plays.mjs';
import { passWindows, release } from '../stage.mjs';

/** Invented reports say that a version fails which does not. Four groups of devices move nothing; all 64 take it back. */
export const floodThatBlames = {
  name: 'flood-that-blames',
  title: 'a flood of invented reports that blames a version which is no worse',
  people: 'nothing: the version before served them',
  cause: 'Somebody sent reports of failures that nobody had, for all groups of devices.',
  action: 'set a site token and a limit for each address at the collector',
  toldBy: ['failed-runs', 'failed-devices'],
  change: 'nothing',
  async play(stage, packed) {
    await passWindows(stage, 2);
    await release(stage, packed);
    stage.forge = flood('blame', { cohorts: 4 });
    await staysOut(stage, { hours: 1, what: 'four groups of devices take nothing back' });
    stage.forge = flood('blame');
    await untilTakenBack(stage);
  },
};
