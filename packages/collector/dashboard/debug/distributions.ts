import { carriesMore } from '../../src/findings/findings.js';
import type { Change, DistributionDrift, FleetDrift } from '../../src/fleet/drift.js';
import { groupedBars } from '../charts/grouped-bars.js';
import { element } from '../element.js';
import { drawnPanel } from '../panel/panel.js';
import { type Cell, number, type Table, text } from '../table/table.js';
import { tableElement } from '../table/table-element.js';
import { formatCount, formatPart, formatSince } from '../words/format.js';

/** This fills panels that need a baseline. */
export const BY_BASELINE = 'needs the model’s baseline: --models';
export const NO_BASELINE =
  'The collector does not know how the model was in the lab: its baseline. ' +
  'nearside facts writes it to models.json, and the collector reads that with --models models.json.';

/** At most so many are drawn. The table has all. */
const MOST_DRAWN = 8;
const SIDES = ['now', 'its past', 'the lab'];

interface Shown extends DistributionDrift {
  readonly version: string;
  readonly windowMs: number | undefined;
}

/** Shows the distributions of versions beside their past and the lab, the largest effect first. */
export const distributionsPanel = drawnPanel({
  id: 'distributions',
  title: 'Distributions',
  aside:
    'what the model sees and says, beside its past and the lab; heights grow with the square root',
  isWide: true,
  needs: ['drift'],
  table: ({ drift }) => driftTable(drift),
  drawing: () => {
    const place = element('div');
    return {
      element: place,
      show({ drift }) {
        const shown = byEffect(drift)
          .filter((one) => newest(one) || one.fromLab)
          .slice(0, MOST_DRAWN);
        const key = element(
          'ul',
          { class: 'legend' },
          ...SIDES.map((side, i) => {
            const swatch = element('span', { class: `swatch side-${i}`, 'aria-hidden': 'true' });
            return element('li', {}, swatch, side);
          }),
        );
        place.replaceChildren(
          ...(shown.length > 0 ? [key] : []),
          element('div', { class: 'distributions' }, ...shown.map(distributionElement)),
          ...tableElement('Distributions', driftTable(drift)),
        );
      },
    };
  },
});

function byEffect({ versions }: FleetDrift): Shown[] {
  const all = versions.flatMap(({ version, windowMs, distributions }) =>
    distributions.map((one) => ({ version, windowMs, ...one })),
  );
  return all.sort((a, b) => effect(newest(b)) - effect(newest(a)));
}

function newest({ windows }: DistributionDrift): Change | null | undefined {
  return windows.at(-1)?.change;
}

/** PSI less its expectation without a change. */
function effect(change: Change | null | undefined): number {
  return change ? Math.max(0, change.psi - change.expectedPsi) : 0;
}

function distributionElement(one: Shown): HTMLElement {
  const { name, version } = one;
  const alarm = alarmOf(one);
  const sides = [one.field, one.past, one.lab].map(sharesOf);
  const groups = one.lab.map((_, bin) => ({
    label: binLabel(one, bin),
    shares: sides.map((side) => side[bin] ?? 0),
  }));
  const words = `${name} of ${version}, by bin: now, its past, the lab`;
  const heading = element('h3', {}, name, ' ', element('small', {}, version));
  return element(
    'figure',
    alarm ? { class: 'alarmed' } : {},
    element('figcaption', {}, heading),
    groupedBars(groups, words),
    element(
      'p',
      { class: 'ends' },
      element('span', {}, groups[0]?.label ?? ''),
      element('span', {}, groups.at(-1)?.label ?? ''),
    ),
    ...(alarm
      ? [
          element(
            'p',
            { class: 'alarm' },
            `changed${alarm.where} since ${formatSince(alarm.sinceMs, one.windowMs)}`,
          ),
        ]
      : []),
  );
}

/** Returns the alarm of the whole fleet, or else that of the part with the largest effect. */
function alarmOf({
  alarmSinceMs,
  parts,
}: DistributionDrift): { sinceMs: number; where: string } | undefined {
  if (alarmSinceMs !== null) return { sinceMs: alarmSinceMs, where: '' };
  return parts.flatMap(({ alarmSinceMs: sinceMs, value }) =>
    sinceMs === null ? [] : [{ sinceMs, where: ` on ${value}` }],
  )[0];
}

function sharesOf(counts: readonly number[]): number[] {
  const all = counts.reduce((sum, n) => sum + n, 0);
  return counts.map((n) => (all === 0 ? 0 : n / all));
}

function binLabel({ edges, labels }: DistributionDrift, bin: number): string {
  if (edges) return `${edges[bin]} to ${edges[bin + 1]}`;
  return labels?.[bin] ?? 'other';
}

const MISSING = {
  'no-baseline': 'its baseline is not known: --models',
  'too-few-devices': 'too few devices',
} as const;

function driftTable(drift: FleetDrift): Table {
  const without = drift.versions.flatMap(({ version, missing }): Cell[][] =>
    missing ? [[text(`${version}: ${MISSING[missing]}`, { tone: 'quiet' })]] : [],
  );
  const psi = (value: number | null | undefined) => (value ?? 0).toFixed(3);
  return {
    columns: [
      'Distribution',
      'From its past',
      'From the lab',
      'Jensen–Shannon',
      'Observations',
      'Changed since',
      'Carried by',
    ],
    rows: [
      ...byEffect(drift).map((one): Cell[] => {
        const [first] = one.segments.filter(carriesMore);
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
                text: `${formatSince(alarm.sinceMs, one.windowMs)}${alarm.where}`,
                value: new Date(alarm.sinceMs).toISOString(),
                tone: 'alarm' as const,
              }
            : text('', { value: null }),
          text(first && alarm?.where === '' ? `${first.value}: ${formatPart(first.share)}` : ''),
        ];
      }),
      ...without,
    ],
    asideName: 'Version',
    none: 'No version reported.',
    note:
      'Population stability index less its expectation without a change. It alarms from 0.03 on, ' +
      'against its own past and in two windows in a row. A lab never is quite like the field.',
  };
}
