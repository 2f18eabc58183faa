import { element, part } from '../views/element.ts';
import type { ShownColumn } from './by-operator.ts';
import {
  judgedOf,
  rightOf,
  rightShare,
  shareInWords,
  VERDICT_WORDS,
  VERDICTS,
  type Verdict,
} from './verdicts.ts';

/** The first backend's share in large, and each backend's counts below. */
export function showSummary(columns: readonly ShownColumn[]): void {
  showHeadline(columns.find(({ of, problem }) => of === undefined && !problem));
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
  part('headline').textContent = share === undefined ? '–' : shareInWords(share);
  if (!column || share === undefined) {
    part('headline-what').textContent = 'of the tests that this browser has kernels for';
    return;
  }
  const [right, judged] = [rightOf(column.counts), judgedOf(column.counts)];
  part('headline-what').textContent =
    `right on ${column.backend}: ${formatCount(right)} of ${formatCount(judged)} tests that it has kernels for`;
}

function blockOf(column: ShownColumn): HTMLElement {
  const { backend, of, hardware, counts, problem, seconds, state } = column;
  const share = rightShare(counts);
  const badges = [
    ...(column.isSoftwareGpu ? [badge('software GPU', 'warn')] : []),
    ...(state === 'running' ? [badge('running', 'plain')] : []),
    ...(state === 'cancelled' ? [badge('cancelled', 'plain')] : []),
  ];
  const facts = [of, hardware && hardware !== 'cpu' ? hardware : undefined].filter(Boolean);
  const told = VERDICTS.filter((verdict) => counts[verdict] > 0);
  return element('section', { class: 'column', 'data-backend': backend, 'data-state': state }, [
    element('div', { class: 'column-head' }, [
      element('h3', {}, [backend]),
      ...badges,
      element('span', { class: 'column-share', 'data-testid': 'share' }, [
        share === undefined ? '' : shareInWords(share),
      ]),
    ]),
    ...(facts.length > 0 ? [element('p', { class: 'soft' }, [facts.join(' · ')])] : []),
    ...(problem
      ? [
          element('p', { class: 'ended' }, [
            element('code', {}, [problem.code]),
            ` ${problem.message}`,
          ]),
        ]
      : [
          stackedBar(counts, 'Counts'),
          element(
            'ul',
            { class: 'counts' },
            told.map((verdict) =>
              element('li', { 'data-verdict': verdict }, [
                mark(verdict),
                element('b', {}, [formatCount(counts[verdict])]),
                ` ${VERDICT_WORDS[verdict].name}`,
              ]),
            ),
          ),
          element('p', { class: 'soft' }, [seconds > 0 ? `${seconds.toFixed(0)} s` : '']),
        ]),
  ]);
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
