import type { Figures } from '../../src/fleet/latency.js';
import { answered } from '../asking/ask.js';
import { tablePanel } from '../panel/panel.js';
import { number, text } from '../table/table.js';
import { formatDuration } from '../words/format.js';
import { chosenFigures } from '../words/scope.js';

const STAGES = [
  ['queue', 'waiting for the worker'],
  ['pre', 'input to tensors'],
  ['run', 'the model itself'],
  ['post', 'tensors to output'],
] as const;

/** Shows the time of a run by stage. */
export const stagesPanel = tablePanel({
  id: 'stages',
  title: 'Stages',
  aside: 'where the time goes',
  needs: ['latency'],
  table: ({ latency }, { answers }) => {
    const now = chosenFigures(latency);
    const earlier = answered(answers, 'latencyBefore');
    const before: Partial<Figures['stages']> = earlier ? chosenFigures(earlier).stages : {};
    const isBeside = Object.keys(before).length > 0;
    return {
      columns: ['Stage', 'P50', 'P95', ...(isBeside ? ['P50 before', 'P95 before'] : [])],
      rows: STAGES.filter(([stage]) => now.stages[stage]).map(([stage, words]) =>
        [
          text(stage, { aside: words }),
          number(now.stages[stage]?.p50Ms, formatDuration),
          number(now.stages[stage]?.p95Ms, formatDuration),
          number(before[stage]?.p50Ms, formatDuration),
          number(before[stage]?.p95Ms, formatDuration),
        ].slice(0, isBeside ? 5 : 3),
      ),
      none: 'No stage times in this range.',
    };
  },
});
