import type { QuestionName } from '../asking/questions.js';
import { latencyPanel } from '../on-call/charts.js';
import { heatMapPanel } from '../on-call/heat-map-panel.js';
import { errorsPanel } from '../on-call/tables.js';
import type { Panel } from '../panel/panel.js';
import { accuracyPanel, confusionPanel, outcomesPanel, reliabilityPanel } from './accuracy.js';
import { distributionsPanel } from './distributions.js';
import { inputsPanel, quarantinesPanel, updatesPanel } from './faults.js';
import { shadowPanel } from './shadow.js';
import { stagesPanel } from './stages.js';
import { tracesPanel } from './traces.js';

/** These questions find the cause of a problem. */
export const DEBUG_QUESTIONS: readonly QuestionName[] = [
  'latency',
  'findings',
  'spread',
  'drift',
  'accuracy',
  'faults',
  'traces',
  'releases',
  'latencyBefore',
  'latencyVersionBefore',
];

export const DEBUG_PANELS: readonly Panel[] = [
  distributionsPanel,
  stagesPanel,
  errorsPanel,
  latencyPanel,
  heatMapPanel,
  accuracyPanel,
  reliabilityPanel,
  outcomesPanel,
  confusionPanel,
  quarantinesPanel,
  shadowPanel,
  inputsPanel,
  tracesPanel,
  updatesPanel,
];
