import type { QuestionName } from '../asking/questions.js';
import type { Panel } from '../panel/panel.js';
import { bandsPanel, latencyPanel, reportsPanel, runsPanel, successPanel } from './charts.js';
import { heatMapPanel } from './heat-map-panel.js';
import { failedPartsPanel, timePartsPanel } from './parts.js';
import { rolloutsPanel } from './rollouts.js';
import { budgetPanel, errorsPanel, happenedPanel, opensPanel } from './tables.js';
import { tilesPanel } from './tiles.js';
import { versionsPanel } from './versions.js';

/** Is something wrong, since when, and where? The first that is asked is shown first. */
export const ON_CALL_QUESTIONS: readonly QuestionName[] = [
  'latency',
  'silence',
  'canary',
  'service',
  'releases',
  'spread',
  'objectives',
  'drift',
  'parts',
  'accuracy',
  'latencyBefore',
  'latencyVersionBefore',
];

export const ON_CALL_PANELS: readonly Panel[] = [
  tilesPanel,
  latencyPanel,
  heatMapPanel,
  successPanel,
  bandsPanel,
  runsPanel,
  reportsPanel,
  versionsPanel,
  failedPartsPanel,
  timePartsPanel,
  rolloutsPanel,
  errorsPanel,
  opensPanel,
  budgetPanel,
  happenedPanel,
];
