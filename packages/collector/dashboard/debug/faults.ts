import type { FleetFaults } from '../../src/fleet/faults.js';
import { tablePanel } from '../panel/panel.js';
import { type Cell, number, text } from '../table/table.js';
import { lostNote } from '../words/codes.js';
import { formatCount, isolated } from '../words/format.js';

const count = (value: number | null | undefined) => formatCount(value ?? 0);

export const quarantinesPanel = tablePanel({
  id: 'quarantines',
  title: 'Quarantines',
  aside: 'backends that devices left alone',
  isWide: true,
  needs: ['faults'],
  table: ({ faults }) => ({
    columns: ['Backend', 'Devices', 'Because of', 'Count'],
    asideName: 'Variant',
    rows: faults.quarantines.map(({ backend, variant, code, device, n }) => [
      text(backend, { aside: variant }),
      text(device ?? 'small classes'),
      text(code, { tone: 'code' }),
      number(n, count),
    ]),
    none: 'No backend was quarantined in this range.',
    note: lostNote(faults.quarantines.map(({ code }) => code)),
  }),
});

export const inputsPanel = tablePanel({
  id: 'inputs',
  title: 'Inputs',
  aside: 'values that were not as they should be',
  isWide: true,
  needs: ['faults'],
  table: ({ faults }) => ({
    columns: ['Feature', 'Missing', 'Stale', 'Invalid', 'By app release'],
    rows: [
      ...faults.inputs.map(({ feature, missing, stale, invalid, apps }): Cell[] => [
        text(feature),
        number(missing, count),
        number(stale, count),
        number(invalid, count),
        text(
          Object.entries(apps)
            .map(([app, n]) => `${isolated(app)}: ${count(n)}`)
            .join(', '),
        ),
      ]),
      ...Object.entries(faults.invalid).map(([code, n]): Cell[] => [
        text(code, { aside: 'calls that were refused', tone: 'code' }),
        number(null, count),
        number(null, count),
        number(n, count),
        text(''),
      ]),
    ],
    none: 'No input was missing, stale or refused in this range.',
  }),
});

export const updatesPanel = tablePanel({
  id: 'updates',
  title: 'Updates',
  aside: 'by the version that was tried',
  isWide: true,
  needs: ['faults'],
  table: ({ faults }) => ({
    columns: ['Version', 'Installed', 'Days after its release', 'Failed', 'Given up'],
    rows: faults.updates.map(({ version, installed, byAge, failed, rolledBack }): Cell[] => [
      text(version),
      number(installed, count),
      ageCell(byAge),
      text(codesOf(failed)),
      text(codesOf(rolledBack)),
    ]),
    none: 'No device tried an update in this range.',
  }),
});

/** "half by day 6, the last on day 19". The installs of each day are its detail. */
function ageCell(byAge: FleetFaults['updates'][number]['byAge']): Cell {
  const all = byAge.reduce((sum, [, n]) => sum + n, 0);
  let [half, installed] = [0, 0];
  for (const [day, n] of byAge) {
    if (2 * installed < all) half = day;
    installed += n;
  }
  const [last] = byAge.at(-1) ?? [];
  const list = byAge.map(([day, n]) => `day ${day}: ${count(n)}`).join(', ');
  if (last === undefined) return text('');
  const words =
    byAge.length > 1 ? `half by day ${half}, the last on day ${last}` : `all on day ${last}`;
  return text(words, { value: list, detail: list });
}

function codesOf(byCode: Readonly<Record<string, number>>): string {
  return Object.entries(byCode)
    .map(([code, n]) => `${code}: ${count(n)}`)
    .join(', ');
}
