import { type Deliveries, releaseTimes } from '../../src/fleet/deliveries.js';
import { firstOffer } from '../../src/fleet/first-offer.js';
import type { FleetReleases, ReleaseEvent } from '../../src/fleet/releases.js';
import { type Answers, answered } from '../asking/ask.js';
import type { Stretch } from '../state/page-state.js';
import { type Cell, type Table, text } from '../table/table.js';
import { formatRate, formatSpan } from '../words/format.js';
import { actWords } from '../words/timeline.js';

const UTC_MOMENT = new Intl.DateTimeFormat('en-GB', {
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
  timeZone: 'UTC',
});

/** A version that was taken back. */
export interface RevokedVersion {
  readonly version: string;
  readonly atMs: number;
  /** Since when the verdict was to roll back. Undefined where it never was. */
  readonly knownMs: number | undefined;
  /** Since when devices got it. */
  readonly outMs: number | undefined;
}

/** Returns the versions that were revoked in a month. One that was a shadow alone was never out. */
export function revokedIn(answers: Answers, month: Stretch): RevokedVersion[] {
  const all = answered(answers, 'monthReleases');
  const events = all?.events ?? [];
  const isShadow = (version: string) =>
    !firstOffer(events, version) &&
    events.some((one) => one.version === version && one.state === 'shadow');
  const verdicts = answered(answers, 'monthFindings')?.verdicts ?? [];
  return eventsIn(all, month)
    .filter(({ state, version }) => state === 'revoked' && !isShadow(version))
    .map(({ version, atMs }) => ({
      version,
      atMs,
      knownMs: verdicts.find((one) => one.version === version && one.verdict === 'roll-back')?.atMs,
      outMs: firstOffer(events, version)?.atMs,
    }));
}

/** Returns the versions that went out in a month for the first time. */
export function releasedIn({ events }: FleetReleases, month: Stretch): string[] {
  const times = releaseTimes(events.filter(({ state }) => state !== 'revoked'));
  return [...times].filter(([, atMs]) => isWithin({ atMs }, month)).map(([version]) => version);
}

/** "1 of 3 (33.3%)" */
export function backWords({ deployments, revoked }: Deliveries): string {
  return `${revoked} of ${deployments} (${formatRate(revoked / deployments)})`;
}

function eventsIn(all: FleetReleases | undefined, month: Stretch): readonly ReleaseEvent[] {
  return (all?.events ?? []).filter((event) => isWithin(event, month));
}

function isWithin({ atMs }: Pick<ReleaseEvent, 'atMs'>, { fromMs, toMs }: Stretch): boolean {
  return atMs >= fromMs && atMs < toMs;
}

/** Tells the events of versions, and how long a bad one was out. */
export function releasesTable(answers: Answers, month: Stretch): Table {
  const back = revokedIn(answers, month);
  return {
    columns: ['When', 'What', 'Time to restore'],
    rows: eventsIn(answered(answers, 'monthReleases'), month).map((event): Cell[] => {
      const found =
        event.state === 'revoked' && back.find(({ version }) => version === event.version);
      return [
        { text: UTC_MOMENT.format(event.atMs), value: new Date(event.atMs).toISOString() },
        text(`${event.version} ${actWords(event)}`),
        text(found ? restoreWords(found) : ''),
      ];
    }),
    none: 'Nothing was released or taken back in this month.',
  };
}

function restoreWords({ atMs, knownMs, outMs }: RevokedVersion): string {
  const out = outMs === undefined ? '' : `out for ${formatSpan(atMs - outMs)}`;
  const known =
    knownMs === undefined || knownMs > atMs
      ? ''
      : `${formatSpan(atMs - knownMs)} after the verdict`;
  return [out, known].filter((one) => one).join(', ');
}
