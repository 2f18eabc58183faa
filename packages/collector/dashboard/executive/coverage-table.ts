import type { FleetCoverage } from '../../src/fleet/coverage.js';
import { figure, number, type Table, text } from '../table/table.js';
import { formatRate } from '../words/format.js';

/** Which devices have what they are to have. */
export function coverageTable(coverage: FleetCoverage | undefined): Table {
  return {
    columns: ['Release', 'Of devices', 'Is to be', 'Reached', 'State'],
    rows: (coverage?.versions ?? []).map(
      ({ version, adoption, target, coverage: reached, state }) => [
        text(version),
        figure(adoption, formatRate),
        number(target, formatRate),
        number(reached, formatRate),
        text(state ?? 'not known'),
      ],
    ),
    none: 'No version reported in this month.',
  };
}
