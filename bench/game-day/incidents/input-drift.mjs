import { passUntil, passWindows } from '../stage.mjs';

const HOUR_MS = 3_600_000;
const HOURS_BEFORE = 30;

/** What people show to the model changes, and nothing was released: there is nothing to take back. */
export const inputDrift = {
  name: 'input-drift',
  title: 'inputs that changed without a release',
  people: 'more answers were wrong, on every version',
  cause: 'Pictures were other than those of the days before.',
  action: 'look at what changed in the page and with its users, and train with it',
  detectedBy: 'finding `drift`',
  change: 'nothing',
  async play(stage) {
    const { timeline } = stage;
    await passWindows(stage, HOURS_BEFORE, { apartMs: HOUR_MS });
    stage.trouble = () => ({ lessSure: 0.3 });
    timeline.note('first device');
    const isFound = () => stage.findings.some(({ kind }) => kind === 'drift');
    const within = { hours: 12, apartMs: HOUR_MS };
    stage.check('the drift is found', await passUntil(stage, isFound, within));
    timeline.note('detected');
    stage.check('nothing is taken back', !timeline.has('taken back'));
  },
};
