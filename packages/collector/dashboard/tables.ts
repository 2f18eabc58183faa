import type { Figures, FleetLatency, VersionFigures } from '../src/fleet/latency.js';
import { byId, element } from './element.js';
import { formatCompact, formatCount, formatDuration, formatRate, NOTHING } from './format.js';
import { REST_COLOR, versionColors } from './version-colors.js';
import { versionName } from './version-name.js';

const STAGE_WORDS = {
  queue: 'waiting for the worker',
  pre: 'input to tensors',
  run: 'the model itself',
  post: 'tensors to output',
} as const;

export function showVersions(fleet: FleetLatency): void {
  const colors = versionColors(fleet);
  const rows = fleet.versions.map((version) =>
    versionRow(version, colors.get(version.version) ?? REST_COLOR, fleet.minDevices),
  );
  const parts: HTMLElement[] = [
    table(
      'Versions',
      [
        'Version',
        'Inferences',
        'Success',
        'p50',
        'p95',
        'p99',
        'Devices',
        'Adoption',
        'Error-free',
      ],
      rows,
      'No version reported in this range.',
    ),
  ];
  if (fleet.versions.length > 0) {
    parts.push(
      element(
        'p',
        { class: 'quiet' },
        'Adoption: of the devices on the newest day. Error-free: device-days without a failed call, of installs ' +
          'that a rollout put on the version.',
      ),
    );
  }
  if (fleet.suppressed > 0) parts.push(suppressedNote(fleet));
  byId('versions').replaceChildren(...parts);
}

function versionRow(version: VersionFigures, color: string, minDevices: number): HTMLElement[] {
  const swatch = element('span', { class: 'swatch' });
  swatch.style.background = `var(${color})`;
  const name = element('th', { scope: 'row' }, swatch, versionName(version.version));
  if (version.count === 0 && version.suppressed > 0) {
    const words = `hidden: no group of ${minDevices} devices`;
    return [name, element('td', { colspan: '8', class: 'hidden' }, words)];
  }
  return [
    name,
    cell(formatCount(version.count)),
    cell(formatRate(version.successRate)),
    cell(formatDuration(version.p50Ms)),
    cell(formatDuration(version.p95Ms)),
    cell(formatDuration(version.p99Ms)),
    cell(formatCompact(version.devices)),
    cell(formatRate(version.adoption)),
    cell(formatRate(version.errorFreeDevices)),
  ];
}

function suppressedNote({ suppressed, minDevices }: FleetLatency): HTMLElement {
  const groups = suppressed === 1 ? '1 group is' : `${suppressed} groups are`;
  return element(
    'p',
    { class: 'quiet', 'data-testid': 'suppressed' },
    `${groups} left out here: a version on one kind of device and backend, with fewer than ` +
      `${minDevices} devices. All versions together include them.`,
  );
}

export function showOpens({ opens }: Figures): void {
  const { tried, network, store, failed, networkP95Ms, storeP95Ms } = opens;
  const share = (n: number) => formatRate(tried === 0 ? null : n / tried);
  const ready = [
    ['network', 'cold start', network, networkP95Ms],
    ['store', 'on the device', store, storeP95Ms],
  ] as const;
  const rows = ready.map(([name, aside, n, p95Ms]) => [
    element('th', { scope: 'row' }, `${name} `, element('span', { class: 'aside' }, aside)),
    cell(formatCount(n)),
    cell(share(n)),
    cell(formatDuration(p95Ms)),
  ]);
  for (const [code, n] of Object.entries(failed)) {
    const aside = element('span', { class: 'aside' }, 'failed');
    const name = element('th', { scope: 'row' }, element('code', {}, code), ' ', aside);
    rows.push([name, cell(formatCount(n)), cell(share(n)), cell(NOTHING)]);
  }
  byId('opens').replaceChildren(
    table(
      'Opens',
      ['Ended', 'Count', 'Of opens', 'Ready p95'],
      tried === 0 ? [] : rows,
      'No model was opened in this range.',
    ),
  );
}

export function showErrors({ errors, count }: Figures): void {
  const rows = Object.entries(errors).map(([code, n]) => [
    element('th', { scope: 'row' }, element('code', {}, code)),
    cell(formatCount(n)),
    cell(formatRate(n / count)),
  ]);
  byId('errors').replaceChildren(
    table('Errors', ['Code', 'Count', 'Of inferences'], rows, 'No errors in this range.'),
  );
}

export function showStages({ stages }: Figures): void {
  const rows = (Object.keys(STAGE_WORDS) as (keyof typeof STAGE_WORDS)[])
    .filter((stage) => stages[stage])
    .map((stage) => [
      element(
        'th',
        { scope: 'row' },
        `${stage} `,
        element('span', { class: 'aside' }, STAGE_WORDS[stage]),
      ),
      cell(formatDuration(stages[stage]?.p50Ms)),
      cell(formatDuration(stages[stage]?.p95Ms)),
    ]);
  byId('stages').replaceChildren(
    table('Stages', ['Stage', 'p50', 'p95'], rows, 'No stage times in this range.'),
  );
}

export function table(
  label: string,
  headings: string[],
  rows: HTMLElement[][],
  ifNone: string,
): HTMLElement {
  if (rows.length === 0) return element('p', { class: 'quiet' }, ifNone);
  const head = headings.map((heading) => element('th', { scope: 'col' }, heading));
  return element(
    'div',
    { class: 'scroll', role: 'region', 'aria-label': label, tabindex: '0' },
    element(
      'table',
      {},
      element('thead', {}, element('tr', {}, ...head)),
      element('tbody', {}, ...rows.map((cells) => element('tr', {}, ...cells))),
    ),
  );
}

export function cell(text: string): HTMLElement {
  return element('td', {}, text || NOTHING);
}
