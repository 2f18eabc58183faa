import { latencyChart } from '../charts/latency-chart.ts';
import { STAGES, startChart } from '../charts/start-chart.ts';
import { throughputChart } from '../charts/throughput-chart.ts';
import { recommend } from '../results/recommend.ts';
import { type BenchResult, isRanked, type ResultRow } from '../results/result.ts';
import { formatMs, formatRatio } from '../results/words.ts';
import { element, part } from './element.ts';
import { fastestOf, showRows } from './rows-view.ts';
import { showDevice } from './show-device.ts';

/** All that a result fills: its own one, one from a link, or one that is still growing. */
export function showResult(result: BenchResult, baseline: BenchResult | undefined): void {
  showHeadline(result);
  showRows(result, baseline);
  showCharts(result.rows);
  showDevice(result.device);
}

/** The fastest row of ours, and the best peer that leaves the page free, which is what it competes with. */
function showHeadline({ rows, model }: BenchResult): void {
  const own = fastestOf(rows.filter(({ isPeer }) => !isPeer));
  part('headline-label').textContent = model.title;
  part('headline').textContent = own?.latency ? formatMs(own.latency.p50Ms) : '–';
  part('headline').toggleAttribute('data-first-number', Boolean(own?.latency));
  const isOver =
    rows.length > 0 && rows.every(({ state }) => state !== 'waiting' && state !== 'running');
  const none = isOver ? 'No row of Nearside is ranked.' : 'Measuring …';
  part('headline-what').textContent = own ? `median of one call with ${own.title}` : none;
  const peer = fastestOf(rows.filter(({ isPeer, place }) => isPeer && place === 'worker'));
  part('headline-peer').textContent =
    own?.latency && peer?.latency
      ? `${formatRatio(own.latency.p50Ms / peer.latency.p50Ms)} of ${peer.title}, ${formatMs(peer.latency.p50Ms)}.`
      : '';
}

function showCharts(rows: readonly ResultRow[]): void {
  place('latency-chart', latencyChart(rows));
  place('start-chart', startChart(rows));
  place('throughput-chart', throughputChart(rows));
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
  part(id).replaceChildren(drawn ?? element('p', { class: 'soft' }, ['Nothing yet.']));
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
  const none = element('p', { class: 'soft' }, ['Nothing yet. Only Chromium tells of long tasks.']);
  part('smoothness').replaceChildren(...(bars.length > 0 ? bars : [none]));
}

/** @returns the sentence over the values for model.json; undefined where no row of ours is ranked */
export function recommendationInWords(result: BenchResult): string | undefined {
  const best = recommend(result);
  if (!best) return undefined;
  const batch = best.batch === undefined ? '' : `, ${best.batch} at a time`;
  const isAlone = result.rows.filter((row) => !row.isPeer && isRanked(row)).length === 1;
  return `On this device: ${best.backend} with ${best.variant}${batch}${isAlone ? ', the only row that is ranked' : ''}.`;
}
