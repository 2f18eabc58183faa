import { carriesMore } from '../../src/findings/findings-of.js';
import type { Change, DistributionDrift, FleetDrift } from '../../src/fleet/drift.js';
import { ALARM } from '../../src/statistics/drift-alarm.js';
import { groupedBars } from '../charts/grouped-bars.js';
import { type ShareRow, shareRows } from '../charts/share-rows.js';
import { element } from '../element.js';
import { drawnPanel } from '../panel/panel.js';
import { type Cell, number, type Table, text } from '../table/table.js';
import { tableElement } from '../table/table-element.js';
import { formatCount, formatPart, formatRate, formatSince, isolated } from '../words/format.js';

/** Says why a panel that needs a baseline is empty. */
export const NO_BASELINE = {
  none:
    'The collector does not know how the model was in the lab: its baseline. ' +
    'nearside facts writes that to models.json; start the collector with --models models.json.',
  filledBy: 'needs the model’s baseline: --models',
};

/** At most so many of each kind are drawn. The table has all. */
const MOST_DRAWN = 8;

interface Shown extends DistributionDrift {
  readonly version: string;
  readonly windowMs: number | undefined;
}

/** Shows the distributions that have changed in full, and the others small, the largest effect first. */
export const distributionsPanel = drawnPanel({
  id: 'distributions',
  title: 'Distributions',
  aside: 'what the model sees and says',
  isWide: true,
  needs: ['drift'],
  table: ({ drift }) => driftTable(drift),
  gist: driftGist,
  drawing: () => {
    const place = element('div');
    let shown = '';
    return {
      element: place,
      show({ drift }) {
        const next = JSON.stringify(drift.versions);
        if (next === shown) return;
        shown = next;
        const all = byEffect(drift).filter(isCompared);
        const small = all.filter((one) => !alarmOf(one)).slice(0, MOST_DRAWN);
        place.replaceChildren(
          element('ul', { class: 'legend' }, side(0, 'now'), side(1, 'the same hours before')),
          element(
            'div',
            { class: 'alarms' },
            ...all.filter(alarmOf).slice(0, MOST_DRAWN).map(changedElement),
          ),
          element('div', { class: 'distributions' }, ...small.map(distributionElement)),
          ...tableElement('Distributions', driftTable(drift)),
        );
      },
    };
  },
});

function side(position: number, words: string): HTMLElement {
  const swatch = element('span', { class: `swatch side-${position}`, 'aria-hidden': 'true' });
  return element('li', {}, swatch, words);
}

function byEffect({ versions }: FleetDrift): Shown[] {
  const all = versions.flatMap(({ version, windowMs, distributions }) =>
    distributions.map((one) => ({ version, windowMs, ...one })),
  );
  return all.sort((a, b) => effect(newest(b)) - effect(newest(a)));
}

function newest({ windows }: DistributionDrift): Change | null | undefined {
  return windows.at(-1)?.change;
}

function isCompared(one: DistributionDrift): boolean {
  return Boolean(newest(one) ?? one.fromLab ?? alarmOf(one));
}

/** PSI less its expectation without a change. */
function effect(change: Pick<Change, 'psi' | 'expectedPsi'> | null | undefined): number {
  return change ? Math.max(0, change.psi - change.expectedPsi) : 0;
}

/** Draws a distribution that alarms: all of its bins since then, beside the same hours before. */
function changedElement(one: Shown): HTMLElement {
  const { name, version, windowMs } = one;
  const { effect: index = 0, sinceMs = 0, where = '', carried = '' } = alarmOf(one) ?? {};
  const rows = rowsOf(one).filter(({ now, before }) => now + before > 0);
  const head = ` population stability index ${index.toFixed(3)}, alarms from 0.03`;
  return element(
    'figure',
    { class: 'alarmed' },
    element(
      'figcaption',
      {},
      element('h3', {}, `${name} ${version}`, element('small', {}, head)),
      element('p', { class: 'alarm' }, `Since ${formatSince(sinceMs, windowMs)}${where}${carried}`),
    ),
    shareRows(name, rows),
    element('p', {}, changeWords(one, rows)),
  );
}

/** "1.2.0 is less sure of its answers: confidence 0.999 to 1 came in 70.6% of runs, in 80.8% before." */
export function changeWords(
  { name, kind, version, edges }: Pick<Shown, 'name' | 'kind' | 'version' | 'edges'>,
  rows: readonly ShareRow[],
): string {
  const change = ({ now, before }: ShareRow) => now - before;
  const [most] = rows.toSorted((a, b) => Math.abs(change(b)) - Math.abs(change(a)));
  if (!most) return '';
  // bins are in order: below 0 the lower ones have more than before
  const shift = rows.reduce((sum, row, i) => sum + i * change(row), 0);
  const is = isolated(version);
  const what =
    name === 'confidence' && edges
      ? `${is} is ${shift < 0 ? 'less' : 'more'} sure of its answers`
      : `What ${is} ${kind === 'input' ? 'is given' : 'says'} has changed`;
  const bin = `${name} ${isolated(most.label)}`;
  return `${what}: ${bin} came in ${formatRate(most.now)} of runs, in ${formatRate(most.before)} before.`;
}

function distributionElement(one: Shown): HTMLElement {
  const { name, version } = one;
  const rows = rowsOf(one);
  const beside = hasPast(one) ? '' : ', beside the lab';
  const groups = rows.map(({ now, before }) => [now, before]);
  return element(
    'figure',
    {},
    element('figcaption', {}, element('h3', {}, name, ' ', element('small', {}, version, beside))),
    groupedBars(groups, `${name} of ${version}${beside}, by bin`),
    element(
      'p',
      { class: 'ends' },
      element('span', {}, rows[0]?.label ?? ''),
      element('span', {}, rows.at(-1)?.label ?? ''),
    ),
  );
}

interface Alarm {
  readonly sinceMs: number;
  readonly effect: number;
  /** ", on phone alone" where the whole fleet does not alarm. */
  readonly where: string;
  /** ", on phone: all of it" */
  readonly carried: string;
}

/** Returns the alarm of the whole fleet, or else that of the part with the largest effect. */
function alarmOf(one: DistributionDrift): Alarm | undefined {
  const { alarmSinceMs: sinceMs, parts, segments } = one;
  if (sinceMs !== null) {
    const first = segments.find(carriesMore);
    const carried = first ? `, on ${isolated(first.value)}: ${formatPart(first.share)} of it` : '';
    return { sinceMs, effect: effect(newest(one)), where: '', carried };
  }
  return parts.flatMap((part) =>
    part.alarmSinceMs === null
      ? []
      : [
          {
            sinceMs: part.alarmSinceMs,
            effect: effect(part),
            where: `, on ${isolated(part.value)} alone`,
            carried: '',
          },
        ],
  )[0];
}

/** Pairs each bin with that of its past, or of the lab where it has none. */
function rowsOf(one: DistributionDrift): ShareRow[] {
  const { field, past } = one.changed ?? one;
  const [now, before] = [field, hasPast(one) ? past : one.lab].map(sharesOf);
  return one.lab.map((_, bin) => ({
    label: binLabel(one, bin),
    now: now?.[bin] ?? 0,
    before: before?.[bin] ?? 0,
  }));
}

function hasPast({ past }: DistributionDrift): boolean {
  return past.some((n) => n > 0);
}

function sharesOf(counts: readonly number[]): number[] {
  const all = counts.reduce((sum, n) => sum + n, 0);
  return counts.map((n) => (all === 0 ? 0 : n / all));
}

function binLabel({ edges, labels }: DistributionDrift, bin: number): string {
  if (edges) return `${edges[bin]} to ${edges[bin + 1]}`;
  return labels?.[bin] ?? 'other';
}

const TOO_FEW = 'too few devices for a comparison (16 of 64 groups of devices are needed)';

function driftTable(drift: FleetDrift): Table {
  const compared = byEffect(drift).filter(isCompared);
  const without = (wanted: (version: FleetDrift['versions'][number]) => boolean) =>
    drift.versions.filter(wanted).map(({ version }) => version);
  const unknown = without(({ missing }) => missing === 'no-baseline');
  const few = without(
    ({ missing, distributions }) =>
      missing === 'too-few-devices' || (!missing && !distributions.some(isCompared)),
  );
  const psi = (value: number | null | undefined) => (value ?? 0).toFixed(3);
  const rows = compared.map((one): Cell[] => {
    const alarm = alarmOf(one);
    const change = newest(one);
    return [
      text(one.name, { aside: one.version }),
      number(change ? effect(change) : null, psi),
      number(one.fromLab ? effect(one.fromLab) : null, psi),
      number(change?.jensenShannon, psi),
      number(change?.n, (n) => formatCount(n ?? 0)),
      alarm
        ? {
            text: `${formatSince(alarm.sinceMs, one.windowMs)}${alarm.where}${alarm.carried}`,
            value: new Date(alarm.sinceMs).toISOString(),
            tone: 'alarm' as const,
          }
        : text('', { value: null }),
    ];
  });
  const others = [
    ...(few.length > 0 ? [`${namesOf(few)}: ${TOO_FEW}`] : []),
    ...(unknown.length > 0 ? [`${namesOf(unknown)}: ${NO_BASELINE.filledBy}`] : []),
  ].map((words): Cell[] => [text(words, { tone: 'quiet' })]);
  const heading: Cell[][] = compared.some(alarmOf)
    ? []
    : [[text(unchangedWords(compared.map(newest)), { tone: 'quiet' })]];
  return {
    columns: [
      'Distribution',
      'PSI from its past',
      'PSI from the lab',
      'Jensen–Shannon',
      'Observations',
      'Changed since',
    ],
    rows: rows.length > 0 ? [...heading, ...rows, ...others] : [],
    asideName: 'Version',
    ...(unknown.length > 0
      ? NO_BASELINE
      : few.length > 0
        ? { none: `${namesOf(few)}: ${TOO_FEW}.`, filledBy: 'needs more devices, and a past' }
        : { none: 'No version reported.' }),
    note:
      'PSI: population stability index less its expectation without a change. It alarms from 0.03 on, ' +
      'against its own past and in two windows in a row. A lab never is quite like the field.',
  };
}

/** Says of distributions that do not alarm whether that means anything. */
function unchangedWords(changes: readonly (Change | null | undefined)[]): string {
  if (!changes.some(Boolean)) {
    return 'Too early to say whether anything has changed: there is no past to compare with.';
  }
  return changes.some((change) => effect(change) >= ALARM.leastEffect)
    ? 'Not sure yet whether something has changed: that takes two windows in a row.'
    : 'Nothing has changed in what the model sees and says.';
}

/** "confidence 1.2.0 changed since 29 Mar (UTC), on phone: all of it" */
function driftGist({ rows }: Table): string {
  const changed = rows.flatMap(([name, ...figures]) => {
    const since = figures.at(-1);
    return since?.tone === 'alarm'
      ? [`${name?.text} ${name?.aside} changed since ${since.text}`]
      : [];
  });
  return changed.join('; ') || 'no change that alarms';
}

/** Names at most three versions. */
function namesOf(versions: readonly string[]): string {
  const more = versions.length > 3 ? ` and ${versions.length - 3} more` : '';
  return `${versions.slice(0, 3).join(', ')}${more}`;
}
