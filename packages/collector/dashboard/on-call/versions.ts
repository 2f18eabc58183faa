import type { FleetService, VersionService } from '../../src/fleet/service.js';
import { answered } from '../asking/ask.js';
import { REST_COLOR, versionColors } from '../charts/version-colors.js';
import { tablePanel } from '../panel/panel.js';
import { type Cell, figure, number, text } from '../table/table.js';
import { formatCompact, formatDuration, formatRate, formatVersion } from '../words/format.js';

const COLUMNS = [
  'Version',
  'Runs',
  'Success',
  'P50',
  'P95',
  'P99',
  'Cold starts',
  'Error-free',
  'Adoption',
  'Devices',
];

const NOTE =
  'Cold starts: runs that waited for a load. Error-free: device-days without a failed call, of installs that a rollout put on ' +
  'the version. Adoption: of the devices on the newest day.';

/** A fleet can have a hundred versions. */
const SHOWN_VERSIONS = 10;

/** Shows every version beside the ones before it. */
export const versionsPanel = tablePanel({
  id: 'versions',
  title: 'Versions',
  isWide: true,
  needs: ['latency'],
  table: ({ latency }, { answers }) => {
    const colors = versionColors(latency);
    const service = answered(answers, 'service');
    const { suppressed, minDevices } = latency;
    const hidden =
      suppressed > 0
        ? ` ${suppressed} of the groups by version, device class and backend are hidden: they have too few devices (${minDevices}).`
        : '';
    return {
      columns: COLUMNS,
      shownRows: SHOWN_VERSIONS,
      rows: latency.versions.map((version): Cell[] => {
        const known = figuresOf(service, version.version);
        const color = colors.get(version.version) ?? REST_COLOR;
        const isHidden = version.count === 0 && version.suppressed > 0;
        return [
          text(formatVersion(version.version), { color, ...(isHidden && { aside: 'hidden' }) }),
          number(isHidden ? null : version.count, (n) => formatCompact(n ?? 0)),
          known ? figure(known.success, formatRate) : number(version.successRate, formatRate),
          known ? figure(known.p50Ms, formatDuration) : number(version.p50Ms, formatDuration),
          known ? figure(known.p95Ms, formatDuration) : number(version.p95Ms, formatDuration),
          known ? figure(known.p99Ms, formatDuration) : number(version.p99Ms, formatDuration),
          known ? figure(known.coldStarts, formatRate) : number(null, formatRate),
          known
            ? figure(known.errorFreeDevices, formatRate)
            : number(version.errorFreeDevices, formatRate),
          number(version.adoption, formatRate),
          number(isHidden ? null : version.devices, (n) => formatCompact(n ?? 0)),
        ];
      }),
      none: 'No version reported in this range.',
      note: NOTE + hidden,
    };
  },
});

function figuresOf(service: FleetService | undefined, version: string): VersionService | undefined {
  return service?.versions.find((one) => one.version === version);
}
