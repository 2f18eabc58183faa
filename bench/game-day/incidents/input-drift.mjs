import { staysOut } from '../plays.mjs';
import { HOUR_MS, passUntil, passWindows, release } from '../stage.mjs';

const HOURS_BEFORE = 24;
const HOURS_OUT = 6;
const HOURS_WATCHED = 3;

/** What people show to the model changes, on both sides of a rollout alike. It is no fault of the version that is out. */
export const inputDrift = {
  name: 'input-drift',
  title: 'inputs that changed, and not by a release',
  people: 'more answers were wrong, on every version',
  cause: 'Pictures were other than those of the days before.',
  action: 'look at what changed in the page and with its users, and train with it',
  detectedBy: 'finding `drift`',
  reached: 'all',
  change: 'nothing',
  async play(stage, packed) {
    const { timeline } = stage;
    const hourly = { apartMs: HOUR_MS };
    await passWindows(stage, HOURS_BEFORE, hourly);
    await release(stage, packed);
    await passWindows(stage, HOURS_OUT, hourly);
    stage.trouble = () => ({ lessSure: 0.3 });
    timeline.noteLast('first device');
    const isFound = () => stage.findings.some(({ kind }) => kind === 'drift');
    stage.check('the drift is found', await passUntil(stage, isFound, { hours: 12, ...hourly }));
    timeline.note('detected');
    const what = 'a version that is no worse stays out, although inputs drift';
    await staysOut(stage, { hours: HOURS_WATCHED, ...hourly, what });
  },
};
