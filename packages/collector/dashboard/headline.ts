import type { Figures, FleetLatency } from '../src/fleet/latency.js';
import { byId, element } from './element.js';
import { formatCompact, formatCount, formatRate, NOTHING, splitDuration } from './format.js';

/** The six numbers on top. */
export function showHeadline(fleet: FleetLatency, scope: Figures): void {
  const failed = Object.values(scope.errors).reduce((sum, n) => sum + n, 0);
  const versions = fleet.versions.filter(({ version }) => /^\d/.test(version));
  const estimated = scope.estimatedCount > scope.count;
  byId('headline').replaceChildren(
    tile('inferences', 'Inferences', [formatCompact(scope.count)], {
      note: estimated
        ? `≈ ${formatCompact(scope.estimatedCount)} fleet-wide`
        : `${formatCompact(scope.reports)} ${scope.reports === 1 ? 'report' : 'reports'}`,
      title: formatCount(scope.count),
    }),
    tile('success-rate', 'Success rate', [formatRate(scope.successRate)], {
      note: failed === 0 ? 'no errors' : `${formatCompact(failed)} failed`,
    }),
    tile('p50', 'Latency p50', duration(scope.p50Ms), { note: 'half are faster' }),
    tile('p95', 'Latency p95', duration(scope.p95Ms), { note: '1 in 20 is slower' }),
    tile('devices', 'Devices', [formatCompact(scope.devices)], { note: 'on the busiest day' }),
    tile('versions', 'Versions', [formatCount(versions.length)], {
      note: versions[0] ? `newest ${versions[0].version}` : 'none in this range',
    }),
  );
}

function tile(
  id: string,
  label: string,
  value: (Node | string)[],
  { note, title = '' }: { note: string; title?: string },
): HTMLElement {
  return element(
    'div',
    { 'data-testid': `headline-${id}` },
    element('dt', {}, label),
    element('dd', { class: 'value', ...(title && { title }) }, ...value),
    element('dd', { class: 'note' }, note),
  );
}

function duration(ms: number | null): (Node | string)[] {
  if (ms === null) return [NOTHING];
  const { value, unit } = splitDuration(ms);
  return [value, element('small', {}, unit)];
}
