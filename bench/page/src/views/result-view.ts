import { latencyChart } from '../charts/latency-chart.ts';
import { STAGES, startChart } from '../charts/start-chart.ts';
import { throughputChart } from '../charts/throughput-chart.ts';
import { headlineOf } from '../results/headline.ts';
import { recommend } from '../results/recommend.ts';
import { type BenchResult, isRanked, type ResultRow } from '../results/result.ts';
import { formatMs } from '../results/words.ts';
import { element, part } from './element.ts';
import { showRows } from './rows-view.ts';
import { showDevice } from './show-device.ts';

/** All that a result fills: its own one, one from a link, or one that is still growing. */
export function showResult(result: BenchResult, baseline: BenchResult | undefined): void {
  showHeadline(result);
  showRows(result, baseline);
  showCharts(result.rows);
  showDevice(result.device);
}

function showHeadline(result: BenchResult): void {
  const { figure, what, beside } = headlineOf(result);
  part('headline-label').textContent = result.model.title;
  part('headline').textContent = figure;
  part('headline-what').textContent = what;
  part('headline-beside').replaceChildren(...beside.map((line) => element('p', {}, [line])));
}

/** Where there is room for two charts beside each other nothing is folded. */
const ROOM = '(min-width: 1024px)';

export function openFolds(): void {
  if (!matchMedia(ROOM).matches) return;
  for (const fold of document.querySelectorAll<HTMLDetailsElement>('.fold')) fold.open = true;
}

/** A chart's card is there once it has something to show. */
function showCharts(rows: readonly ResultRow[]): void {
  place('latency', latencyChart(rows));
  place('start', startChart(rows));
  place('throughput', throughputChart(rows));
  const stages = STAGES.map((stage) => element('li', { class: `stage-name ${stage}` }, [stage]));
  part('stages').replaceChildren(...stages);
  const numbered = rows
    .map(({ title, throughput = [], isPeer }, i) => ({
      title,
      i,
      isPeer,
      isDrawn: throughput.length > 1,
    }))
    .filter(({ isDrawn }) => isDrawn)
    .map(({ title, i, isPeer }) =>
      element(
        'li',
        { value: String(i + 1), class: `series-name series-${i % 10}${isPeer ? ' peer' : ''}` },
        [title],
      ),
    );
  part('throughput-legend').replaceChildren(...numbered);
  showSmoothness(rows);
}

function place(id: string, drawn: SVGElement | undefined): void {
  part(id).hidden = !drawn;
  part(`${id}-chart`).replaceChildren(...(drawn ? [drawn] : []));
}

function showSmoothness(rows: readonly ResultRow[]): void {
  const watched = rows.filter(({ smoothness }) => smoothness);
  const most = Math.max(100, ...watched.map(({ smoothness }) => smoothness?.blockingMs ?? 0));
  const bars = watched.map(({ title, isPeer, smoothness }) => {
    const { blockingMs = 0, droppedFrames = 0 } = smoothness ?? {};
    const fill = element('span', { class: `bar-fill ${isPeer ? 'peer' : 'own'}` });
    fill.style.inlineSize = `${(100 * blockingMs) / most}%`;
    return element('div', { class: 'bar-line' }, [
      element('span', { class: 'bar-name' }, [title]),
      element('span', { class: 'bar-track' }, [fill]),
      element('span', { class: 'bar-value' }, [
        `${formatMs(blockingMs)} · ${droppedFrames} frames`,
      ]),
    ]);
  });
  part('smoothness').hidden = bars.length === 0; // only Chromium tells of long tasks
  part('smoothness-bars').replaceChildren(...bars);
}

/** @returns the sentence over the values for model.json; undefined where no row of ours is ranked */
export function recommendationInWords(result: BenchResult): string | undefined {
  const best = recommend(result);
  if (!best) return undefined;
  const batch = best.batch === undefined ? '' : `, ${best.batch} at a time`;
  const isAlone = result.rows.filter((row) => !row.isPeer && isRanked(row)).length === 1;
  return `On this device: ${best.backend} with ${best.variant}${batch}${isAlone ? ', the only row that is ranked' : ''}.`;
}
