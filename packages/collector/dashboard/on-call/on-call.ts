import type { QuestionName } from '../asking/questions.js';
import type { Panel } from '../panel/panel.js';
import { bandsPanel, latencyPanel, reportsPanel, runsPanel, successPanel } from './charts.js';
import { heatMapPanel } from './heat-map-panel.js';
import { failedPartsPanel, timePartsPanel } from './parts.js';
import { rolloutsPanel } from './rollouts.js';
import { speedPanel } from './speed.js';
import { budgetPanel, errorsPanel, happenedPanel, opensPanel } from './tables.js';
import { tilesPanel } from './tiles.js';
import { versionsPanel } from './versions.js';

/** These questions tell what is wrong, since when, and where. They are asked in the order of the page. */
export const ON_CALL_QUESTIONS: readonly QuestionName[] = [
  'latency',
  'findings',
  'silence',
  'canary',
  'service',
  'releases',
  'spread',
  'objectives',
  'drift',
  'parts',
  'speed',
  'accuracy',
  'serviceLately',
  'latencyBefore',
  'latencyVersionBefore',
];

export const ON_CALL_PANELS: readonly Panel[] = [
  tilesPanel,
  latencyPanel,
  successPanel,
  bandsPanel,
  rolloutsPanel,
  versionsPanel,
  speedPanel,
  heatMapPanel,
  runsPanel,
  reportsPanel,
  failedPartsPanel,
  timePartsPanel,
  errorsPanel,
  opensPanel,
  budgetPanel,
  happenedPanel,
];
