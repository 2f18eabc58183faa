import { shipWhatIsWorse } from '../plays.mjs';
import { SHIPPED } from '../versions.mjs';

/** It loads, and its golden check is passed. The first run of a real input takes the page with it. */
export const diesInARun = {
  name: 'dies-in-a-run',
  title: 'a version whose page dies in a run',
  people: 'the page was gone once or twice, and then worked as before',
  cause: 'The system ended the page in a run, after the golden check had been passed.',
  action:
    'run each version on the largest input that is allowed, on the smallest phone that is supported',
  toldBy: ['missing-devices', 'failed-starts'],
  notToldBy: ['failed-runs', 'failed-devices'],
  change: 'nothing',
  kills: ['running'],
  trouble: (_device, version) => (version === SHIPPED ? { diesIn: 'running' } : {}),
  play: shipWhatIsWorse,
};
