import type { DeviceSpeed, FleetSpeed, VersionSpeed } from '../../src/fleet/speed.js';
import { FEWEST_DEVICES, isThin } from '../../src/statistics/figure.js';
import { formatDuration, isolated, NOTHING_RAN } from './format.js';

/** Says which releases are slower and where, or why none is. */
export function speedWords(speed: FleetSpeed): string {
  const { versions } = speed;
  const slower = slowerWords(speed);
  if (slower) return slower;
  if (versions.length === 0) return NOTHING_RAN;
  const compared = versions.filter(({ against }) => against !== null);
  if (compared.length === 0) return 'Only one release ran, so there is none to compare it with.';
  const isKnown = compared.some(({ devices }) => devices.some(({ p50Ms }) => !isThin(p50Ms)));
  return isKnown
    ? 'No release is clearly slower than an earlier one, on any class of devices.'
    : `Too early to compare releases: each needs ${FEWEST_DEVICES} devices of a class.`;
}

/** "1.1.0 is slower than 1.0.0 on phone (half of the runs within 72.8 ms instead of 43.3 ms).", or no word where none is. */
export function slowerWords(speed: FleetSpeed | undefined): string {
  const { versions = [] } = speed ?? {};
  return versions
    .flatMap((release) => {
      const devices = release.devices.filter(({ isSlower }) => isSlower);
      return devices.length > 0 ? [slowerReleaseWords(release, devices, versions)] : [];
    })
    .join(' ');
}

function slowerReleaseWords(
  { version, against }: VersionSpeed,
  devices: readonly DeviceSpeed[],
  versions: readonly VersionSpeed[],
): string {
  const before = versions.find((one) => one.version === against)?.devices ?? [];
  const places = devices.map(({ device, p50Ms }) => {
    const earlier = before.find((one) => one.device === device)?.p50Ms.value;
    const [now, then] = [p50Ms.value, earlier].map(formatDuration);
    return `${isolated(device)} (half of the runs within ${now} instead of ${then})`;
  });
  return `${isolated(version)} is slower than ${isolated(against ?? '')} on ${places.join(', ')}.`;
}
