import type { FleetSpeed, VersionSpeed } from '../../src/fleet/speed.js';
import { FEWEST_DEVICES, isThin } from '../../src/statistics/figure.js';
import { formatDuration, formatList, isolated, NOTHING_RAN } from './format.js';

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

/** So many releases are named, the newest first. The table has all. */
const MOST_NAMED = 3;

/** "1.1.0 is slower than 1.0.0 on phone (half of the runs within 72.8 ms instead of 43.3 ms).", or nothing */
export function slowerWords(speed: FleetSpeed | undefined): string {
  const { versions = [] } = speed ?? {};
  const slower = versions.filter(({ devices }) => devices.some(({ isSlower }) => isSlower));
  const named = slower.slice(0, MOST_NAMED).map((release) => slowerReleaseWords(release, versions));
  const more = slower.length - named.length;
  return [...named, ...(more > 0 ? [`So are ${more} earlier releases.`] : [])].join(' ');
}

function slowerReleaseWords(
  { version, against, devices }: VersionSpeed,
  versions: readonly VersionSpeed[],
): string {
  const before = versions.find((one) => one.version === against)?.devices ?? [];
  const places = devices
    .filter(({ isSlower }) => isSlower)
    .map((own) => {
      const earlier = before.find((one) => one.device === own.device);
      // half of the runs may take as long as before, and the slow ones longer
      const isOfHalf = (own.p50Ms.low ?? 0) > (earlier?.p50Ms.high ?? 0);
      const quantile = isOfHalf ? 'p50Ms' : 'p95Ms';
      const [now, then] = [own[quantile].value, earlier?.[quantile].value].map(formatDuration);
      const runs = isOfHalf ? 'half of the runs' : '95 of 100 runs';
      return `${isolated(own.device)} (${runs} within ${now} instead of ${then})`;
    });
  return `${isolated(version)} is slower than ${isolated(against ?? '')} on ${formatList(places)}.`;
}
