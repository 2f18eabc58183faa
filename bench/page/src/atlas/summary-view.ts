import type { Problem } from '../problem.ts';
import { formatShare } from '../results/words.ts';
import { element, part } from '../views/element.ts';
import type { ShownColumn } from './by-operator.ts';
import {
  judgedOf,
  rightOf,
  rightShare,
  VERDICT_WORDS,
  VERDICTS,
  type Verdict,
} from './verdicts.ts';

/** The first backend's share in large, and each backend's counts below. */
export function showSummary(columns: readonly ShownColumn[]): void {
  showHeadline(columns.find(({ problem }) => !problem));
  part('columns').replaceChildren(...columns.map(blockOf));
  const seen = VERDICTS.filter((verdict) => columns.some(({ counts }) => counts[verdict] > 0));
  const legend = seen.map((verdict) => {
    const { name, what } = VERDICT_WORDS[verdict];
    return element('li', {}, [mark(verdict), element('span', {}, [`${name}: ${what}`])]);
  });
  part('legend').replaceChildren(...legend);
}

function showHeadline(column: ShownColumn | undefined): void {
  const share = column && rightShare(column.counts);
  part('headline').textContent = share === undefined ? '–' : formatShare(share);
  if (!column || share === undefined) {
    part('headline-what').textContent = 'Not run here yet.';
    return;
  }
  const [right, judged] = [rightOf(column.counts), judgedOf(column.counts)];
  part('headline-what').textContent =
    `right on ${column.backend}: ${formatCount(right)} of ${formatCount(judged)} tests that it has kernels for`;
}

function blockOf(column: ShownColumn): HTMLElement {
  const { backend, counts, problem, state } = column;
  const share = rightShare(counts);
  const told = VERDICTS.filter((verdict) => counts[verdict] > 0);
  const countItems = told.map((verdict) =>
    element('li', { 'data-verdict': verdict }, [
      mark(verdict),
      element('b', {}, [formatCount(counts[verdict])]),
      ` ${VERDICT_WORDS[verdict].name}`,
    ]),
  );
  return element('section', { class: 'column', 'data-backend': backend, 'data-state': state }, [
    element('div', { class: 'column-head' }, [
      element('h3', {}, [backend]),
      element('span', { class: 'column-share' }, [share === undefined ? '' : formatShare(share)]),
    ]),
    element('p', { class: 'soft' }, [...badgesOf(column), factsOf(column)]),
    ...(problem
      ? [whyWithout(problem)]
      : [stackedBar(counts, 'Counts'), element('ul', { class: 'counts' }, countItems)]),
  ]);
}

/** What a browser lacks is no failure. */
function whyWithout({ code, message }: Problem): HTMLElement {
  if (code === 'no-backend') return element('p', { class: 'soft' }, [message]);
  return element('p', { class: 'ended' }, [element('code', {}, [code]), ` ${message}`]);
}

function badgesOf({ isSoftwareGpu, state }: ShownColumn): HTMLElement[] {
  return [
    ...(isSoftwareGpu ? [badge('software GPU', 'warn')] : []),
    ...(state === 'running' ? [badge('running', 'plain')] : []),
    ...(state === 'cancelled' ? [badge('cancelled', 'plain')] : []),
  ];
}

function factsOf({ of, hardware, seconds, state }: ShownColumn): string {
  const place = hardware === 'cpu' ? 'CPU' : hardware;
  const time = seconds > 0 ? `${seconds.toFixed(0)} s` : undefined;
  const facts = [of, place, time].filter(Boolean);
  return facts.length > 0 ? facts.join(' · ') : state === 'waiting' ? 'Waits.' : '';
}

/** What is not told by a colour alone is told in words beside it. */
export function stackedBar(counts: ShownColumn['counts'], label: string): HTMLElement {
  const told = VERDICTS.filter((verdict) => counts[verdict] > 0);
  const parts = told.map((verdict) => {
    const piece = element('span', { class: `verdict-fill ${verdict}` });
    piece.style.flexGrow = String(counts[verdict]);
    return piece;
  });
  const words = told.map((verdict) => `${counts[verdict]} ${VERDICT_WORDS[verdict].name}`);
  return element(
    'span',
    { class: 'stacked', role: 'img', 'aria-label': `${label}: ${words.join(', ')}` },
    parts,
  );
}

export function mark(verdict: Verdict): HTMLElement {
  return element('span', { class: `mark ${verdict}`, 'aria-hidden': 'true' });
}

function badge(text: string, kind: string): HTMLElement {
  return element('span', { class: `badge ${kind}` }, [text]);
}

export function formatCount(count: number): string {
  return count.toLocaleString('en-GB');
}
