import { shipWhatIsWorse } from '../plays.mjs';
import { SHIPPED } from '../versions.mjs';

/** Who dies tells nothing: devices go missing, and those that come back tell of updates that were lost. */
export const diesAtLoad = {
  name: 'dies-at-load',
  title: 'a version whose page dies while it is loaded',
  people: 'the page was gone once or twice, and then worked as before',
  cause:
    'The system ended the page while the version was loaded, as it does with one that takes too much memory.',
  action: 'try each version on the smallest phone that is supported',
  toldBy: ['missing-devices', 'failed-starts'],
  notToldBy: ['failed-runs', 'failed-devices'],
  change: 'nothing',
  kills: ['updating', 'opening', 'loading'],
  trouble: (_device, version) => (version === SHIPPED ? { diesIn: 'loading' } : {}),
  play: shipWhatIsWorse,
};
