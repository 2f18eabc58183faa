import type { DeviceSpeed, FleetSpeed, VersionSpeed } from '../../src/fleet/speed.js';
import { FEWEST_DEVICES, isThin } from '../../src/statistics/figure.js';
import { tablePanel } from '../panel/panel.js';
import { type Cell, figure, number, text } from '../table/table.js';
import { formatDuration } from '../words/format.js';

const NOTHING_RAN = 'Nothing ran in this range.';

/** Shows each release on each class of devices beside the earlier release that most results are of. */
export const speedPanel = tablePanel({
  id: 'speed',
  title: 'Speed by release and device',
  aside: 'large: half of the runs within; small: 95 of 100',
  isWide: true,
  needs: ['speed'],
  table: ({ speed }) => {
    const classes = [
      ...new Set(speed.versions.flatMap(({ devices }) => devices.map(({ device }) => device))),
    ];
    return {
      columns: ['Release', ...classes.map((device) => device || 'not known')],
      rows:
        speed.versions.length === 0
          ? []
          : [
              [text(speedWords(speed), { tone: hasSlower(speed) ? 'alarm' : 'quiet' })],
              ...speed.versions.map((release): Cell[] => [
                text(release.version, {
                  ...(release.against && { aside: `beside ${release.against}` }),
                }),
                ...classes.map((device) =>
                  speedCell(release.devices.find((one) => one.device === device)),
                ),
              ]),
            ],
      // the sentence, and ten releases
      shownRows: 11,
      asideName: 'Beside',
      none: NOTHING_RAN,
    };
  },
});

function speedCell(speed: DeviceSpeed | undefined): Cell {
  if (!speed) return number(null, formatDuration);
  const { p50Ms, p95Ms, isSlower } = speed;
  return {
    ...figure(p50Ms, formatDuration),
    aside: formatDuration(p95Ms.value),
    ...(isSlower && { tone: 'alarm' as const }),
  };
}

function hasSlower({ versions }: FleetSpeed): boolean {
  return versions.some(({ devices }) => devices.some(({ isSlower }) => isSlower));
}

/** Says which releases are slower and where, or why none is. */
export function speedWords({ versions }: FleetSpeed): string {
  const slower = versions.flatMap((release) => {
    const devices = release.devices.filter(({ isSlower }) => isSlower);
    return devices.length > 0 ? [slowerWords(release, devices, versions)] : [];
  });
  if (slower.length > 0) return slower.join(' ');
  const compared = versions.filter(({ against }) => against !== null);
  if (versions.length === 0) return NOTHING_RAN;
  if (compared.length === 0) return 'Only one release ran, so there is none to compare it with.';
  const isKnown = compared.some(({ devices }) => devices.some(({ p50Ms }) => !isThin(p50Ms)));
  return isKnown
    ? 'No release is clearly slower than an earlier one, on any class of devices.'
    : `Too early to compare releases: each needs ${FEWEST_DEVICES} devices of a class.`;
}

function slowerWords(
  { version, against }: VersionSpeed,
  devices: readonly DeviceSpeed[],
  versions: readonly VersionSpeed[],
): string {
  const before = versions.find((one) => one.version === against)?.devices ?? [];
  const places = devices.map(({ device, p50Ms }) => {
    const earlier = before.find((one) => one.device === device)?.p50Ms.value;
    return `${device} (half of the runs within ${formatDuration(p50Ms.value)} instead of ${formatDuration(earlier)})`;
  });
  return `${version} is slower than ${against} on ${places.join(', ')}.`;
}
