import type { Figures, FleetLatency, VersionFigures } from '../src/fleet-latency.js';
import { byId, element } from './element.js';
import { formatCompact, formatCount, formatDuration, formatRate, NOTHING } from './format.js';
import { REST_COLOR, versionColors } from './version-colors.js';

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
      ['Version', 'Inferences', 'Success', 'p50', 'p95', 'p99', 'Devices'],
      rows,
      'No version reported in this range.',
    ),
  ];
  if (fleet.suppressed > 0) parts.push(suppressedNote(fleet));
  byId('versions').replaceChildren(...parts);
}

function versionRow(version: VersionFigures, color: string, minDevices: number): HTMLElement[] {
  const swatch = element('span', { class: 'swatch' });
  swatch.style.background = `var(${color})`;
  const name = element('th', { scope: 'row' }, swatch, version.version);
  if (version.count === 0 && version.suppressed > 0) {
    const words = `hidden: no group of ${minDevices} devices`;
    return [name, element('td', { colspan: '6', class: 'hidden' }, words)];
  }
  return [
    name,
    cell(formatCount(version.count)),
    cell(formatRate(version.successRate)),
    cell(formatDuration(version.p50Ms)),
    cell(formatDuration(version.p95Ms)),
    cell(formatDuration(version.p99Ms)),
    cell(formatCompact(version.devices)),
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

function table(
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

function cell(text: string): HTMLElement {
  return element('td', {}, text || NOTHING);
}
