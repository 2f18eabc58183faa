import type { FleetCanary, RolloutFigures } from '../../src/fleet/canary.js';
import { firstOffer } from '../../src/fleet/first-offer.js';
import { type Answers, answered } from '../asking/ask.js';
import { marginAxis, marginBar } from '../charts/margin-bar.js';
import { element } from '../element.js';
import { drawnPanel, type PanelContext } from '../panel/panel.js';
import { number, type Table, text } from '../table/table.js';
import { measureName } from '../words/findings.js';
import { formatPoints, formatShareOf } from '../words/format.js';
import {
  knownWords,
  lastVerdict,
  type Measured,
  measuresOf,
  measureWords,
  ranWords,
  sidesWords,
  standingOf,
  verdictWords,
} from '../words/rollouts.js';

const share = (value: number | null | undefined) => formatShareOf(value ?? null);

const AXIS_WORDS =
  'Bars are intervals of how much worse the canary is, in units of what is tolerated. They hold however often you look. ' +
  'Groups of devices are compared and the most extreme left out, so this is not just one share less the other.';

/** Draws each rollout beside its control, measure by measure, on one axis. */
export const rolloutsPanel = drawnPanel({
  id: 'rollouts',
  title: 'Rollouts',
  aside: 'each canary against an equal control',
  isWide: true,
  needs: ['canary'],
  table: ({ canary }, context) => rolloutsTable(canary, context),
  drawing: () => {
    const place = element('div');
    let drawn = '';
    return {
      element: place,
      show({ canary }, context) {
        // what has the focus stays while the words are the same, and what is open stays open
        const words = JSON.stringify(rolloutsTable(canary, context));
        if (words === drawn) return;
        drawn = words;
        const open = [...place.querySelectorAll('[open]')];
        place.replaceChildren(...rolloutElements(canary, context));
        for (const { id } of open) document.getElementById(id)?.setAttribute('open', '');
      },
    };
  },
});

function rolloutsTable(canary: FleetCanary, { answers }: PanelContext): Table {
  return {
    columns: [
      'Version',
      'Measure',
      'Canary',
      'Control',
      'Worse by',
      'At least',
      'At most',
      'Tolerated',
    ],
    rows: canary.rollouts.flatMap((rollout) => [
      [
        text(rollout.version),
        text(headingOf(rollout, canary, answers).filter(Boolean).join(' · ')),
      ],
      ...measuresOf(rollout).map(({ name, canary, control, difference, margin }) => [
        text(rollout.version),
        text(measureName(name)),
        number(canary, share),
        number(control, share),
        ...[difference.value, difference.low, difference.high, margin].map((points) =>
          number(points, formatPoints),
        ),
      ]),
    ]),
    none: 'There is no canary: no version is rolled out to a part of the devices.',
  };
}

/** Says of how many devices it is known, and what to do unless it is over. It began with its release, else its first report. */
function headingOf(
  rollout: RolloutFigures,
  canary: FleetCanary,
  answers: Answers,
): [sides: string, verdict: string, more: string] {
  const { version, offeredMs, sinceMs } = rollout;
  const first = firstOffer(answered(answers, 'releases')?.events ?? [], version);
  const written = lastVerdict(answered(answers, 'findings'), rollout);
  return [
    sidesWords(rollout, offeredMs[0] ?? first?.atMs ?? sinceMs),
    rollout.isOver ? '' : verdictWords(rollout, canary),
    `${knownWords(rollout, written)} ${ranWords(rollout)}`.trim(),
  ];
}

/** So many rollouts that are over are listed one by one. */
const MOST_OVER = 3;

function rolloutElements(canary: FleetCanary, { answers }: PanelContext): HTMLElement[] {
  const running: HTMLElement[] = [];
  const over: HTMLElement[] = [];
  for (const rollout of canary.rollouts) {
    const { version, isOver, verdict } = rollout;
    const [sides, words, more] = headingOf(rollout, canary, answers);
    const heading = [element('b', {}, version), ' ', element('small', {}, sides)];
    const content = [
      ...(words ? [element('p', { class: verdict.verdict }, words)] : []),
      ...(more ? [element('p', { class: 'more' }, more)] : []),
      ...measuresElement(rollout, canary),
    ];
    if (isOver) over.push(folded(version, heading, content));
    else running.push(element('h3', {}, ...heading), ...content);
  }
  const earlier = over.splice(MOST_OVER);
  if (earlier.length > 0) over.push(folded('earlier', [`${earlier.length} earlier`], earlier));
  return [...running, ...over];
}

function folded(name: string, words: (string | Node)[], inside: HTMLElement[]): HTMLElement {
  return element('details', { id: `over-${name}` }, element('summary', {}, ...words), ...inside);
}

function measuresElement(rollout: RolloutFigures, canary: FleetCanary): HTMLElement[] {
  const rows = measuresOf(rollout).map((measured) => measureRow(measured, canary));
  if (rows.length === 0) return [];
  const columns = ['Measure', 'Canary', 'Control'].map((name) => element('th', {}, name));
  const axis = element('th', { 'aria-label': 'Worse by' }, marginAxis());
  return [
    element(
      'table',
      { class: 'margins' },
      element('caption', { class: 'quiet' }, AXIS_WORDS),
      element('thead', {}, element('tr', {}, ...columns, axis)),
      element('tbody', {}, ...rows),
    ),
  ];
}

function measureRow(measured: Measured, canary: FleetCanary): HTMLElement {
  const name = measureName(measured.name);
  const standing = standingOf(measured);
  const [what, figures] = measureWords(measured, canary);
  return element(
    'tr',
    {},
    element('th', { scope: 'row' }, name),
    element('td', {}, share(measured.canary)),
    element('td', {}, share(measured.control)),
    element('td', {}, marginBar({ ...measured, standing }, `${name} ${what}: ${figures}`)),
    element('td', { class: standing, 'aria-hidden': 'true' }, element('b', {}, what), figures),
  );
}
