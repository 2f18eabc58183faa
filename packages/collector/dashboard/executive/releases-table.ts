import type { FleetReleases } from '../../src/fleet/releases.js';
import { type Answers, answered } from '../asking/ask.js';
import { type Cell, type Table, text } from '../table/table.js';
import { formatSpan, formatUtcMoment } from '../words/format.js';
import { releaseWords } from '../words/timeline.js';

/** A version that was taken back. */
export interface TakenBack {
  readonly version: string;
  readonly atMs: number;
  /** Since when the verdict was to roll back. Undefined where it never was. */
  readonly knownMs: number | undefined;
  /** Since when devices got it. */
  readonly outMs: number | undefined;
}

export function takenBack(answers: Answers): TakenBack[] {
  const events = answered(answers, 'monthReleases')?.events ?? [];
  const rollouts = answered(answers, 'monthCanary')?.rollouts ?? [];
  return events
    .filter(({ state }) => state === 'revoked')
    .map(({ version, atMs }) => ({
      version,
      atMs,
      knownMs: rollouts
        .find((one) => one.version === version)
        ?.history.find(({ verdict }) => verdict === 'roll-back')?.atMs,
      outMs: events.find((one) => one.version === version && one.state !== 'revoked')?.atMs,
    }));
}

/** Returns the versions that went out in the month for the first time. */
export function released({ events }: FleetReleases): string[] {
  return [
    ...new Set(events.filter(({ state }) => state !== 'revoked').map(({ version }) => version)),
  ];
}

/** Tells the events of versions, and how long a bad one was out. */
export function releasesTable(answers: Answers): Table {
  const back = takenBack(answers);
  return {
    columns: ['When', 'What', 'Time to restore'],
    rows: (answered(answers, 'monthReleases')?.events ?? []).map((event): Cell[] => {
      const found =
        event.state === 'revoked' && back.find(({ version }) => version === event.version);
      return [
        { text: formatUtcMoment(event.atMs), value: new Date(event.atMs).toISOString() },
        text(releaseWords(event)),
        text(found ? restoreWords(found) : ''),
      ];
    }),
    none: 'Nothing was released or taken back in this month.',
  };
}

function restoreWords({ atMs, knownMs, outMs }: TakenBack): string {
  const out = outMs === undefined ? '' : `out for ${formatSpan(atMs - outMs)}`;
  const known =
    knownMs === undefined || knownMs > atMs
      ? ''
      : `${formatSpan(atMs - knownMs)} after the verdict`;
  return [out, known].filter((one) => one).join(', ');
}
