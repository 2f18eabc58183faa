import type { AgreementBin, ShadowAgreement } from '../../src/fleet/shadow-agreements.js';
import { element } from '../element.js';
import { drawnPanel } from '../panel/panel.js';
import { type Cell, number, type Table, text } from '../table/table.js';
import { formatCount, formatPoints, formatRate } from '../words/format.js';
import {
  agreementCell,
  agreesWords,
  besideWords,
  formatLonger,
  joinedBins,
  sureWords,
} from './shadow-words.js';

const NOTE =
  'Both had the same inputs, and agree where both decided the same. Agreement is not accuracy: where they differ, either may ' +
  'be right. That they differ where the answer was sure is worth a look.';

const count = (value: number | null | undefined) => formatCount(value ?? 0);

/** Shows how often a version that runs beside decides as the one that answers, and how sure that one was. */
export const shadowPanel = drawnPanel({
  id: 'shadow',
  title: 'Shadow',
  aside: 'a version that runs beside the one that answers',
  isWide: true,
  needs: ['faults'],
  gist: ({ rows }) =>
    rows
      .filter(([name]) => name?.tone !== 'quiet')
      .map(([name, , agree]) => `${name?.text}: ${agree?.text} agree`)
      .join('; '),
  table: ({ faults: { shadow } }) => shadowTable(shadow),
  drawing: () => {
    const place = element('div');
    return {
      element: place,
      show({ faults: { shadow } }) {
        place.replaceChildren(
          element('div', { class: 'alarms shadows' }, ...shadow.map(agreementElement)),
          element('p', { class: 'quiet' }, NOTE),
        );
      },
    };
  },
});

function shadowTable(shadow: readonly ShadowAgreement[]): Table {
  return {
    columns: ['Version', 'Inputs', 'Agree', 'Takes longer by', 'Fails more by'],
    rows: shadow.flatMap((one): Cell[][] => [
      [
        text(one.candidate),
        number(one.n, count),
        agreementCell(one),
        number(one.latencyDifferenceMs, formatLonger),
        number(one.errorDifference, formatPoints),
      ],
      ...joinedBins(one.bins).map((bin): Cell[] => [
        text(`${sureWords(bin)} sure`, { tone: 'quiet' }),
        number(bin.n, count),
        number(bin.agreement, formatRate),
        text(''),
        text(''),
      ]),
    ]),
    none:
      'No version ran beside the one that answers in this time. This offers one: nearside publish <model> --shadow 5. A device asks it ' +
      'what one run in fifty was asked, while its page is idle.',
    filledBy: 'needs publish --shadow, and a model that runs more than once a visit',
    note: NOTE,
  };
}

function agreementElement(one: ShadowAgreement): HTMLElement {
  const bins = joinedBins(one.bins);
  return element(
    'figure',
    { class: 'alarmed' },
    element(
      'figcaption',
      {},
      element('h3', {}, one.candidate),
      element('p', {}, `${agreesWords(one)} ${besideWords(one)}`),
    ),
    ...(bins.length > 0 ? [barsElement(bins)] : []),
  );
}

/** Draws a bar for each range of confidence. It is a table to read. */
function barsElement(bins: readonly AgreementBin[]): HTMLElement {
  const axis = [0, 0.5, 1].map((share) => element('span', {}, `${share * 100}%`));
  const rows = bins.map((bin) => {
    const bar = element('span', { class: 'share side-0' }, formatRate(bin.agreement));
    bar.style.setProperty('--share', String(bin.agreement));
    return element(
      'tr',
      {},
      element('th', { scope: 'row' }, sureWords(bin)),
      element('td', {}, bar),
      element('td', {}, formatCount(bin.n)),
    );
  });
  const head = ['Sure of the answer', element('div', { class: 'ends' }, ...axis), 'Inputs'];
  return element(
    'table',
    { class: 'share-rows' },
    element(
      'thead',
      {},
      element('tr', {}, ...head.map((one) => element('th', { scope: 'col' }, one))),
    ),
    element('tbody', {}, ...rows),
  );
}
