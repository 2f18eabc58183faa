import type { FleetReleases, ReleaseEvent } from '../../src/fleet/releases.js';
import { type Answers, answered } from '../asking/ask.js';
import type { Stretch } from '../state/page-state.js';
import { type Cell, type Table, text } from '../table/table.js';
import { formatRate, formatSpan, formatUtcMoment } from '../words/format.js';
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

/** Returns the versions that were taken back in a month. */
export function takenBack(answers: Answers, month: Stretch): TakenBack[] {
  const all = answered(answers, 'monthReleases');
  const verdicts = answered(answers, 'monthFindings')?.verdicts ?? [];
  return eventsIn(all, month)
    .filter(({ state }) => state === 'revoked')
    .map(({ version, atMs }) => ({
      version,
      atMs,
      knownMs: verdicts.find((one) => one.version === version && one.verdict === 'roll-back')?.atMs,
      outMs: all?.events.find((one) => one.version === version && one.state !== 'revoked')?.atMs,
    }));
}

/** Versions that went out in a month for the first time, and those of them that were taken back until its end. */
export interface Released {
  readonly versions: readonly string[];
  readonly back: readonly string[];
}

export function releasedIn(all: FleetReleases, month: Stretch): Released {
  const out = all.events.filter(({ state }) => state !== 'revoked');
  const versions = [...new Set(out.map(({ version }) => version))].filter((version) =>
    isWithin(
      out.find((one) => one.version === version),
      month,
    ),
  );
  const revoked = eventsIn(all, month).filter(({ state }) => state === 'revoked');
  return {
    versions,
    back: versions.filter((version) => revoked.some((one) => one.version === version)),
  };
}

/** "1 of 3 (33.3%)" */
export function backWords({ versions, back }: Released): string {
  return `${back.length} of ${versions.length} (${formatRate(back.length / versions.length)})`;
}

function eventsIn(all: FleetReleases | undefined, month: Stretch): readonly ReleaseEvent[] {
  return (all?.events ?? []).filter((event) => isWithin(event, month));
}

function isWithin(event: ReleaseEvent | undefined, { fromMs, toMs }: Stretch): boolean {
  return event !== undefined && event.atMs >= fromMs && event.atMs < toMs;
}

/** Tells the events of versions, and how long a bad one was out. */
export function releasesTable(answers: Answers, month: Stretch): Table {
  const back = takenBack(answers, month);
  return {
    columns: ['When', 'What', 'Time to restore'],
    rows: eventsIn(answered(answers, 'monthReleases'), month).map((event): Cell[] => {
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
